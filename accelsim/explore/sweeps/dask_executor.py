"""Workers of a Dask cluster, or of one that is started on this machine."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from threading import get_ident
from typing import Any

from accelsim.errors import InputError
from accelsim.explore.sweeps.evaluate import Evaluator
from accelsim.explore.sweeps.jobs import TRIES, Batch, Context, Job, Outcome

_BATCHES_PER_WORKER = 2  # one runs, one waits beside it
_TIMEOUT_SECONDS = 10
#: What a dead worker had is told at once, and run again from here. No profiler, no clock that ticks 50 times a second.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}


class DaskExecutor:
    """Executor on Dask workers. What a worker that died had, Dask's queue included, runs again job by job.

    A scheduler elsewhere keeps its own rules; with Dask's default it tells of a task when four workers died with it.
    """

    def __init__(self, context: Context, workers: int, scheduler: str | None) -> None:
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            found = "Dask is not installed"
            raise InputError("--executor dask", found, "pip install 'dybit-accelsim[cluster]'") from None
        dask.config.set(_SETTINGS)
        self._cluster: Any = None
        if scheduler is None:
            self._cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR
            )
        try:
            self._client: Any = Client(self._cluster or scheduler, timeout=_TIMEOUT_SECONDS)
        except (OSError, ValueError) as error:
            raise InputError(f"--scheduler {scheduler}", f"no answer: {error}", "such as tcp://host:8786") from None
        self.workers = max(1, sum(self._client.nthreads().values()))
        # Sent with each batch (some 100 kB for ResNet-50) and not scattered: scattered data die with their workers.
        self._token, self._context = uuid.uuid4().hex, context

    def results(self, batches: Iterable[Batch]) -> Iterator[Outcome]:
        """As `Executor`."""
        source = iter(batches)
        while suspects := (yield from self._while_all_live(source)):
            for job in suspects:
                yield from self._alone(job)

    def _while_all_live(self, source: Iterator[Batch]) -> Generator[Outcome, None, list[Job]]:
        """Outcomes until the source ends, or a worker dies: then the jobs that may be why, with nothing under way."""
        from distributed import as_completed

        waiting: dict[Any, Batch] = {}
        done: Any = as_completed()
        suspects: list[Job] = []
        while True:
            room = 0 if suspects else _BATCHES_PER_WORKER * self.workers - len(waiting)
            for batch in islice(source, room):
                future = self._submit(batch)
                waiting[future] = batch
                done.add(future)
            if not waiting:
                return suspects
            future = next(done)
            batch = waiting.pop(future)
            if future.status == "finished":
                yield from future.result()
            else:
                suspects += batch

    def _alone(self, job: Job) -> Iterator[Outcome]:
        """The outcome of a job that runs while no other does, so that it is known who killed a worker."""
        from distributed import KilledWorker

        deaths = 0
        while deaths < TRIES:
            try:
                yield from self._submit((job,)).result()
                return
            except KilledWorker as killed:
                deaths += killed.allowed_failures + 1
            except Exception as error:  # of the worker, such as a package that it lacks; the evaluator raises nothing
                yield Outcome(job.key, None, f"{type(error).__name__}: {error}")
                return
        yield Outcome(job.key, None, f"given up: {deaths} workers died of it")

    def _submit(self, batch: Batch) -> Any:
        return self._client.submit(_run_batch, self._token, self._context, batch, pure=False)

    def close(self) -> None:
        """As `Executor`; a cluster that was started here ends, too."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _run_batch(token: str, context: Context, batch: Batch) -> list[Outcome]:
    """On a worker: the outcomes of a batch."""
    evaluator = _evaluator(token, context)
    return [evaluator.run(job) for job in batch]


_EVALUATORS: dict[tuple[str, int], Evaluator] = {}


def _evaluator(token: str, context: Context) -> Evaluator:
    """The evaluator of a sweep in this thread of a worker; those of earlier sweeps make room."""
    mine = token, get_ident()
    if mine not in _EVALUATORS:
        for other in [key for key in _EVALUATORS if key[0] != token]:
            del _EVALUATORS[other]
        _EVALUATORS[mine] = Evaluator(context)
    return _EVALUATORS[mine]
