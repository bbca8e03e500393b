"""Where jobs run: here, on this machine's cores, or on a cluster. One interface, which asks for work as it has room."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol, get_args

from accelsim.errors import InputError, one_of
from accelsim.explore.sweeps.evaluate import Evaluator
from accelsim.explore.sweeps.jobs import Batch, Context, Outcome

ExecutorName = Literal["process", "dask", "serial"]


class Executor(Protocol):
    """Runs batches. Each job of them has exactly one outcome, whatever happens to the workers."""

    def results(self, batches: Iterable[Batch]) -> Iterator[Outcome]:
        """Outcomes as they come; `batches` is asked for the next one only when there is room for it."""

    def close(self) -> None:
        """Stop the workers; what they were doing is dropped."""


class SerialExecutor:
    """One job after the other, in this process."""

    def __init__(self, context: Context) -> None:
        self._evaluator = Evaluator(context)

    def results(self, batches: Iterable[Batch]) -> Iterator[Outcome]:
        """As `Executor`."""
        for batch in batches:
            yield from map(self._evaluator.run, batch)

    def close(self) -> None:
        """There is nothing to stop."""


def make_executor(
    name: str, context: Context, workers: int | None = None, scheduler: str | None = None
) -> tuple[Executor, int]:
    """An executor by name, and how many jobs it runs at a time; by default there is a worker for each core.

    `scheduler` is the address of a Dask scheduler; without it, Dask starts workers on this machine. InputError for an
    unknown name, for a scheduler without Dask, and where Dask is not installed or does not answer.
    """
    one_of("--executor", name, get_args(ExecutorName))
    if scheduler is not None and name != "dask":
        raise InputError("--scheduler", f"goes with --executor dask, not with {name}")
    if name == "serial":
        return SerialExecutor(context), 1
    count = workers or len(os.sched_getaffinity(0))
    if name == "process":
        from accelsim.explore.sweeps.process_pool import ProcessPool

        return ProcessPool(context, count), count
    from accelsim.explore.sweeps.dask_executor import DaskExecutor

    executor = DaskExecutor(context, count, scheduler)
    return executor, executor.workers
