"""Progress bars on standard error, a step per simulated layer or per point of a sweep; silent when nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

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


class SweepState(Protocol):
    """How far a sweep is."""

    @property
    def done(self) -> int:
        """Points that have a result."""

    @property
    def points(self) -> int:
        """Points that there are, at most."""

    @property
    def failed(self) -> int:
        """Points that failed."""

    @property
    def best_speedup(self) -> float:
        """Of the points that were simulated now; 0 before the first."""


@contextmanager
def sweep_progress(task: str, stream: TextIO | None = None) -> Iterator[Callable[[SweepState], None]]:
    """A bar with points per second, time left and the best speed-up so far, drawn and silent as `progress`."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield lambda state: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, TextColumn("{task.fields[note]}"), console=console, auto_refresh=False, transient=True
    ) as bar:
        identity = bar.add_task(escape(task), total=None, note="")
        drawn = time.monotonic()

        def show(state: SweepState) -> None:
            nonlocal drawn
            speed = bar.tasks[0].speed or 0.0
            note = f"{speed:.1f} points/s, best {state.best_speedup:.2f}x, {state.failed} failed"
            bar.update(identity, completed=state.done, total=state.points, note=note)
            if time.monotonic() - drawn >= _REFRESH_SECONDS:
                drawn = time.monotonic()
                bar.refresh()

        bar.refresh()
        yield show
