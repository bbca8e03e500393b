"""Worker processes on this machine, each fed through a pipe of its own, so that one that dies takes nothing along."""

from __future__ import annotations

import signal
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from accelsim.errors import AccelSimError
from accelsim.explore.sweeps.evaluate import Evaluator
from accelsim.explore.sweeps.jobs import TRIES, Batch, Context, Outcome

_READY = "ready"
_SPAWN = get_context("spawn")  # forks nothing of the driver, its threads and its database connection least of all


class ProcessPool:
    """Executor on worker processes. A worker that dies is replaced, and its unfinished jobs run again.

    The job that it was at is tried again on its own, three times in all; then its outcome says so.
    """

    def __init__(self, context: Context, workers: int) -> None:
        self._context, self._count = context, workers
        self._workers: list[_Worker] = []
        self._deaths: Counter[str] = Counter()

    def results(self, batches: Iterable[Batch]) -> Iterator[Outcome]:
        """As `Executor`. AccelSimError when a worker does not even start."""
        source, ready = iter(batches), deque[Batch]()
        if (first := next(source, None)) is None:
            return  # a sweep that is in the store starts no process
        ready.append(first)
        while len(self._workers) < self._count:
            self._workers.append(_Worker(self._context))
        while True:
            for worker in self._workers:
                if worker.is_idle and (batch := _next(ready, source)):
                    worker.start(batch)
            busy = {worker.connection: worker for worker in self._workers if not worker.is_idle}
            if not busy:
                return
            if not ready and (batch := next(source, None)):
                ready.append(batch)  # made ready while the workers are busy
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                try:
                    yield worker.receive()
                except (EOFError, ConnectionError):
                    yield from self._bury(worker, ready)

    def close(self) -> None:
        """As `Executor`."""
        for worker in self._workers:
            worker.stop()

    def _bury(self, worker: _Worker, ready: deque[Batch]) -> Iterator[Outcome]:
        """Replace a dead worker; its jobs run again, unless the first of them has killed too many."""
        how = worker.stop()
        if not worker.is_ready:
            raise AccelSimError(
                f"a worker process ended with {how} before it began; a script that sweeps needs "
                "`if __name__ == '__main__':` around what it does"
            )
        self._workers[self._workers.index(worker)] = _Worker(self._context)
        suspect, *others = worker.jobs
        if others:
            ready.append(tuple(others))
        self._deaths[suspect.key] += 1
        if self._deaths[suspect.key] < TRIES:
            ready.append((suspect,))
        else:
            yield Outcome(suspect.key, None, f"given up: {TRIES} workers died of it, the last with {how}")


def _next(ready: deque[Batch], source: Iterator[Batch]) -> Batch | None:
    return ready.popleft() if ready else next(source, None)


class _Worker:
    """The driver's side of a worker process; `jobs` are those it still owes."""

    def __init__(self, context: Context) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_work, args=(theirs, context), daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends when the worker does
        self.jobs: deque[Any] = deque()
        self.is_ready = False

    @property
    def is_idle(self) -> bool:
        return not self.jobs

    def start(self, batch: Batch) -> None:
        self.jobs.extend(batch)
        with suppress(ConnectionError):  # dead while idle: found when the pipe is read
            self.connection.send(batch)

    def receive(self) -> Outcome:
        """The next outcome; EOFError or ConnectionError when the worker is dead."""
        while (message := self.connection.recv()) == _READY:
            self.is_ready = True
        self.jobs.popleft()
        assert isinstance(message, Outcome)
        return message

    def stop(self) -> str:
        """End the process if it still runs, and say how it ended."""
        self.connection.close()
        self._process.join(0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        status = self._process.exitcode or 0
        return signal.Signals(-status).name if status < 0 else f"status {status}"


def _work(connection: Connection, context: Context) -> None:
    """The worker: outcomes for jobs until the pipe ends, also when the driver was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    evaluator = Evaluator(context)
    try:
        connection.send(_READY)
        while True:
            for job in connection.recv():
                connection.send(evaluator.run(job))
    except (EOFError, ConnectionError):
        return
