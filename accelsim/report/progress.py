"""A progress bar on standard error, one step per simulated layer; silent when nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_REFRESH_SECONDS = 0.1
Step = Callable[[str], None]


@contextmanager
def progress(task: str, layers: int, stream: TextIO | None = None) -> Iterator[Step]:
    """A bar of `layers` steps on `stream` (standard error by default) and the function that advances it by one.

    Call it with the name of the layer that is done. The bar is drawn by these calls, at most ten times a second,
    and not by a thread, so that it costs the simulation nothing; it vanishes at the end. Where `stream` is not a
    terminal nothing is written.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield lambda name: None
        return
    from rich.console import Console  # not paid for where nobody watches
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, TextColumn("{task.fields[layer]}"), console=console, auto_refresh=False, transient=True
    ) as bar:
        identity = bar.add_task(escape(task), total=layers, layer="")
        drawn = time.monotonic()

        def step(name: str) -> None:
            nonlocal drawn
            bar.update(identity, advance=1, layer=escape(name))
            if time.monotonic() - drawn >= _REFRESH_SECONDS:
                drawn = time.monotonic()
                bar.refresh()

        bar.refresh()
        yield step
