"""Workers of a Dask cluster, or of one that is started on this machine."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from threading import get_ident
from typing import Any

from accelsim.errors import InputError
from accelsim.explore.sweeps.evaluate import Evaluator
from accelsim.explore.sweeps.executor import Batch
from accelsim.explore.sweeps.jobs import Context, Outcome

_BATCHES_PER_WORKER = 2  # one runs, one waits beside it
_TIMEOUT_SECONDS = 10
#: Dask's own rules: a task whose worker died is run again elsewhere, three times in all. No profiling of our workers.
_SETTINGS = {"distributed.scheduler.allowed-failures": 2, "distributed.worker.profile.enabled": False}


class DaskExecutor:
    """Executor on Dask workers. A batch whose workers keep dying is cut into its jobs, to find the one to give up."""

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
        from distributed import as_completed

        source = iter(batches)
        waiting: dict[Any, Batch] = {}
        done: Any = as_completed()

        def submit(batch: Batch) -> None:
            future = self._client.submit(_run_batch, self._token, self._context, batch, pure=False)
            waiting[future] = batch
            done.add(future)

        for batch in _first(source, _BATCHES_PER_WORKER * self.workers):
            submit(batch)
        while waiting:
            future = next(done)
            batch = waiting.pop(future)
            following = next(source, None)
            if following:
                submit(following)
            if future.status == "finished":
                yield from future.result()
            elif len(batch) > 1:
                for job in batch:
                    submit((job,))
            else:
                yield Outcome(batch[0].key, None, f"given up: {future.exception()}")

    def close(self) -> None:
        """As `Executor`; a cluster that was started here ends, too."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _first(source: Iterator[Batch], count: int) -> Iterator[Batch]:
    """At most so many of the next batches, without asking for one more."""
    for _ in range(count):
        batch = next(source, None)
        if batch is None:
            return
        yield batch


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
