"""Keep what compiled code prints off standard output, which may have to hold one JSON document and nothing else."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_stdout() -> Iterator[None]:
    """Within, file descriptor 1 leads nowhere, for all threads of the process. On POSIX; elsewhere nothing is done.

    HiGHS 1.12, in SciPy 1.17, prints a line now and then that no option turns off (HiGHS issue 2783).
    """
    if os.name != "posix":
        yield
        return
    sys.stdout.flush()
    libc = ctypes.CDLL(None)
    libc.fflush(None)
    saved = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        libc.fflush(None)
        os.dup2(saved, 1)
        os.close(saved)
