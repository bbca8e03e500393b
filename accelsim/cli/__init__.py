"""The command line. Standard output carries what was asked for, standard error progress, notes and the one message.

Exit codes: 0 done; 1 the run failed, or its output could not be written; 2 the input is wrong; 130 interrupted, 143
terminated. Commands live in one file each and import the simulator inside, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from accelsim.errors import AccelSimError

DONE, FAILED, INTERRUPTED, TERMINATED = 0, 1, 130, 143


def entry_point() -> NoReturn:
    """Run the process's command line and end the process.

    At once, without freeing first what is freed with the process: object by object that takes a tenth of a run.
    Nothing here relies on an exit handler.
    """
    status = main()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name that the terminal's encoding lacks is no reason to fail
    try:
        with _without_cycle_collector(), _cleaning_up_when_terminated():
            status = _run(arguments)
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except AccelSimError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:  # whoever read standard output has seen enough
        _abandon_stdout()
        return FAILED
    except OSError as error:
        _abandon_stdout()
        return _fail(str(error), FAILED)
    return _fail("interrupted", status) if status == INTERRUPTED else status


def _run(arguments: Sequence[str] | None) -> int:
    """Parse and run; usage errors become the message they are, and typer's answer to Ctrl-C is its status."""
    import typer

    from accelsim.cli.app import app

    try:
        return app(args=arguments, standalone_mode=False) or DONE
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        return _fail(error.format_message() + hint, error.exit_code)


def _fail(message: str, status: int) -> int:
    one_line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
    print(f"accelsim: {one_line}", file=sys.stderr)
    return status


def _abandon_stdout() -> None:
    """Point standard output nowhere, or Python would try to flush what is left of it once more, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _without_cycle_collector() -> Iterator[None]:
    """Leave freeing to reference counts: a run makes hardly any cycles, and looking for them takes a tenth of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _cleaning_up_when_terminated() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that a report half written is removed."""

    def unwind(number: int, frame: FrameType | None) -> None:
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
