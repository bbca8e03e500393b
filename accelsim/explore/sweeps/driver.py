"""The sweep: designs into jobs, jobs to an executor, outcomes into the store, and the table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import TypeAlias

from accelsim.errors import InputError
from accelsim.explore.sweeps.evolution import evolve
from accelsim.explore.sweeps.executor import Executor, make_executor
from accelsim.explore.sweeps.jobs import BASELINE, Batch, Context, Job, Keys, Outcome, planned
from accelsim.explore.sweeps.prepass import misorder_of
from accelsim.explore.sweeps.rows import Entry, Reference
from accelsim.explore.sweeps.search import candidates, most_candidates
from accelsim.explore.sweeps.space import Candidate, Space, load_space
from accelsim.explore.sweeps.space_file import LEARNING
from accelsim.explore.sweeps.store import LEASE_SECONDS, Store
from accelsim.explore.sweeps.table import SweepTable, designs_of, identity, objective_costs
from accelsim.simulation import baseline_of

MEMORY = ":memory:"
_CHUNK = 64  # candidates that are looked up and claimed at a time
_MOST_JOBS_OF_A_BATCH = 16
_BATCHES_OF_A_WORKER = 4  # at least, so that all end at about the same time
_FLUSH_SECONDS, _FLUSH_OUTCOMES = 0.5, 64
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class State:
    """How far a sweep is: points done (reused ones included) of at most `points`, failed ones, best speed-up so far."""

    done: int
    points: int
    failed: int
    best_speedup: float


#: Called now and then.
Watcher: TypeAlias = Callable[[State], None]


def sweep(
    space: Space | Path | str,
    store: Path | str = MEMORY,
    *,
    executor: str = "process",
    workers: int | None = None,
    scheduler: str | None = None,
    retry_failed: bool = False,
    watcher: Watcher | None = None,
) -> SweepTable:
    """Simulate a design space, or what its search picks of it, and return the table of its points.

    What the store has is not simulated again; failed points are, with `retry_failed`. Without a store the results
    live in memory. A point that fails is in the table with its message. InputError for a wrong space, store or
    executor; StoreError when the store cannot be written: run again, and the sweep goes on.
    """
    start, driver_start = time.perf_counter(), time.process_time()
    if not isinstance(space, Space):
        space = load_space(space)
    with Store(Path(store)) as opened:
        context = context_of(space)
        pool, at_a_time = make_executor(executor, context, workers, scheduler)
        try:
            driver = Driver(space, opened, pool, context, at_a_time, retry_failed, watcher)
            keys = driver.search()
        finally:
            pool.close()
            opened.release()
        found = {row.key: row for row in opened.rows(keys)}
    rows = [found[key] for key in keys]
    table = SweepTable(
        rows=tuple(rows),
        weights={network.workload.name: network.weight for network in space.networks},
        objectives=tuple(space.file.objectives),
        parameters=tuple(axis.name for axis in space.axes),
        computed=driver.computed,
        reused=len(rows) - driver.computed,
        wall_seconds=time.perf_counter() - start,
        driver_seconds=time.process_time() - driver_start,
        simulation_seconds=driver.simulation_seconds,
    )
    return table if space.file.search.keep == 1 else replace(table, misordered=misorder_of(table.designs, space))


def context_of(space: Space) -> Context:
    """What the jobs of a space share."""
    workloads = {network.workload.name: network.workload for network in space.networks}
    machine = space.machine(next(space.grid()))
    precisions = {
        (network.workload.name, bits): precision
        for network in space.networks
        for bits, precision in network.precisions.items()
    }
    for name, workload in workloads.items():
        precisions[name, BASELINE] = baseline_of(space.file.baseline, workload, machine)[1]
    return Context(workloads, precisions, space.codesigns, space.file.baseline)


@dataclass(frozen=True, slots=True)
class Task:
    """A point or a baseline on its way: its row's head, and its job; a machine that is none has a message instead."""

    entry: Entry
    job: Job | None
    message: str = ""


class Driver:
    """Runs designs, and remembers what is under way. `computed` counts points that this driver brought about."""

    def __init__(
        self,
        space: Space,
        store: Store,
        executor: Executor,
        context: Context,
        at_a_time: int,
        retry_failed: bool = False,
        watcher: Watcher | None = None,
    ) -> None:
        self._space, self._store, self._executor = space, store, executor
        self._keys = Keys(context)
        self._retry_failed, self._watcher = retry_failed, watcher
        self._points = most_candidates(space) * len(space.networks)
        self._batch_size = max(1, min(_MOST_JOBS_OF_A_BATCH, self._points // (_BATCHES_OF_A_WORKER * at_a_time)))
        self._tasks: dict[str, Task] = {}  # under way here
        self._elsewhere: dict[str, Task] = {}  # claimed by another driver
        self._asked: dict[str, None] = {}
        self._references: dict[str, Reference] = {}
        self._unwritten: list[tuple[Entry, Outcome]] = []
        self._flushed = self._renewed = time.monotonic()
        self._best = 0.0
        self.done = self.failed = self.computed = 0
        self.simulation_seconds = 0.0

    def search(self) -> list[str]:
        """Simulate what the search of the space picks, and return the keys of all its points."""
        if self._space.file.search.method not in LEARNING:
            return self.run(candidates(self._space))
        evolve(self._space, self._evaluated)
        return list(self._asked)

    def _evaluated(self, designs: Sequence[Candidate]) -> list[Sequence[float] | None]:
        rows = list(self._store.rows(self.run(designs)))
        weights = {network.workload.name: network.weight for network in self._space.networks}
        found = designs_of(rows, weights)
        costs = dict(
            zip(map(identity, found), objective_costs(found, self._space.file.objectives).tolist(), strict=True)
        )
        return [costs.get(identity(design)) for design in designs]

    def run(self, designs: Iterable[Candidate]) -> list[str]:
        """Simulate what the store lacks of these designs, and return the keys of all their points."""
        keys: dict[str, None] = {}
        self._record_all(self._batches(self._new_jobs(designs, keys)))
        while self._elsewhere:
            self._flush()
            jobs = self._take(dict(self._elsewhere))
            self._record_all(self._batches(iter(jobs)))
            if not jobs:
                time.sleep(_POLL_SECONDS)
                self._renew()
        self._flush()
        self._asked |= keys
        return list(keys)

    def _record_all(self, batches: Iterator[Batch]) -> None:
        for outcome in self._executor.results(batches):
            self._record(self._tasks.pop(outcome.key), outcome)

    def _batches(self, jobs: Iterator[Job]) -> Iterator[Batch]:
        """Batches of at least the wanted size, cut where a plan ends, so that no two workers make the same one."""
        batch: list[Job] = []
        for _, group in groupby(jobs, planned):
            while part := list(islice(group, self._batch_size)):
                batch += part
                if len(batch) >= self._batch_size:
                    yield tuple(batch)
                    batch = []
        if batch:
            yield tuple(batch)

    def _new_jobs(self, designs: Iterable[Candidate], keys: dict[str, None]) -> Iterator[Job]:
        """Jobs for what is not in the store, each baseline before the first point that needs it."""
        designs = iter(designs)
        while chunk := list(islice(designs, _CHUNK)):
            tasks: dict[str, Task] = {}
            for candidate in chunk:
                for network in self._space.networks:
                    for task in self._expanded(candidate, network.workload.name):
                        tasks.setdefault(task.entry.key, task)
                        if task.entry.candidate is not None:
                            keys[task.entry.key] = None
            if self._retry_failed:
                self._store.forget_failed(tasks)
            yield from self._take(tasks)

    def _expanded(self, candidate: Candidate, workload: str) -> Iterator[Task]:
        """The baseline and the point; only a point with a message where the machine is none."""
        try:
            machine = self._space.machine(candidate)
        except InputError as error:
            key = self._keys.of_no_machine(workload, candidate)
            yield Task(Entry(key, workload, candidate), None, str(error))
            return
        reference = self._keys.baseline(workload, machine)
        array = reference.hardware.array
        yield Task(Entry(reference.key, workload, None, array=f"{array.rows}x{array.cols}"), reference)
        key = self._keys.point(workload, machine, candidate.bits)
        job = Job(key, workload, machine, candidate.bits, reference.key)
        yield Task(Entry(key, workload, candidate, reference.key), job)

    def _take(self, asked: dict[str, Task]) -> list[Job]:
        """Claim what nobody has done or holds; count what is done, and put off what another driver holds."""
        self._flush()  # what is done here must be known, or it would be done again
        asked = {key: task for key, task in asked.items() if key not in self._tasks}
        known = self._store.known(asked)
        claimed = self._store.claim([key for key in asked if key not in known])
        self._references |= self._store.references(known)
        jobs = []
        for key, task in asked.items():
            self._elsewhere.pop(key, None)
            if key in known:
                self._count(task.entry)
            elif key not in claimed:
                self._elsewhere[key] = task
            elif task.job is None:
                self._record(task, Outcome(key, None, task.message))
            else:
                self._tasks[key] = task
                known_reference = self._references.get(task.job.baseline or "")
                jobs.append(replace(task.job, baseline_cycles=known_reference and known_reference.cycles))
        return jobs

    def _record(self, task: Task, outcome: Outcome) -> None:
        entry, numbers = task.entry, outcome.numbers
        self._unwritten.append((entry, outcome))
        self.simulation_seconds += outcome.cpu_seconds
        if entry.candidate is not None:
            self.computed += 1
            self.failed += numbers is None
            if numbers is not None and (reference := self._references.get(entry.baseline)):
                self._best = max(self._best, reference.seconds / numbers.seconds)
            self._count(entry)
        elif numbers is not None:
            self._references[entry.key] = Reference(numbers.cycles, numbers.seconds)
        if len(self._unwritten) >= _FLUSH_OUTCOMES or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self._flush()
            self._renew()

    def _count(self, entry: Entry) -> None:
        if entry.candidate is None:
            return
        self.done += 1
        if self._watcher is not None:
            self._watcher(State(self.done, self._points, self.failed, self._best))

    def _flush(self) -> None:
        if self._unwritten:
            self._store.add(self._unwritten, self._space.file.baseline)
            self._unwritten.clear()
        self._flushed = time.monotonic()

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > LEASE_SECONDS / 3:
            self._store.renew()
            self._renewed = time.monotonic()
