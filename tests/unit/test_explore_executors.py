"""Executors give one outcome for each job, whatever becomes of their workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.explore.sweeps.dask_executor import DaskExecutor
from accelsim.explore.sweeps.driver import context_of
from accelsim.explore.sweeps.executor import Executor, make_executor
from accelsim.explore.sweeps.jobs import TRIES, Batch, Context, Job, Outcome
from accelsim.explore.sweeps.process_pool import ProcessPool
from accelsim.explore.sweeps.space import Space, load_space
from tests.unit.sweeps import write_space


class Deadly:
    """A network that kills whoever looks at it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        os.kill(os.getpid(), signal.SIGKILL)


class Broken:
    """A network with a fault in it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ZeroDivisionError("a fault of the model")


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return load_space(write_space(tmp_path))


@pytest.fixture
def context(space: Space) -> Context:
    found = context_of(space)
    precision = found.precisions["tiny", "w4a4"]
    others: dict[str, Any] = {"deadly": Deadly(), "broken": Broken()}
    return replace(
        found,
        workloads={**found.workloads, **others},
        precisions={**found.precisions, ("deadly", "w4a4"): precision, ("broken", "w4a4"): precision},
    )


@pytest.fixture
def jobs(space: Space) -> list[Job]:
    return [Job(f"{index}", "tiny", space.machine(design), design.bits) for index, design in enumerate(space.grid())]


def outcomes(executor: Executor, batches: Iterator[Batch]) -> dict[str, Outcome]:
    found = list(executor.results(batches))
    assert len({outcome.key for outcome in found}) == len(found)
    return {outcome.key: outcome for outcome in found}


def batches_of(jobs: list[Job], size: int = 2) -> Iterator[Batch]:
    for start in range(0, len(jobs), size):
        yield tuple(jobs[start : start + size])


@pytest.mark.parametrize("name", ["process", "dask"])
def test_every_executor_finds_what_the_serial_one_does(name: str, context: Context, jobs: list[Job]) -> None:
    serial, _ = make_executor("serial", context)
    expected = {key: outcome.numbers for key, outcome in outcomes(serial, batches_of(jobs)).items()}
    executor, at_a_time = make_executor(name, context, workers=2)
    try:
        assert at_a_time == 2
        found = outcomes(executor, batches_of(jobs))
        assert {key: outcome.numbers for key, outcome in found.items()} == expected
        assert outcomes(executor, iter(())) == {}
    finally:
        executor.close()


def test_a_fault_is_the_outcome_of_its_job_alone(context: Context, jobs: list[Job]) -> None:
    executor, _ = make_executor("serial", context)
    broken = replace(jobs[0], key="broken", workload="broken")
    found = outcomes(executor, iter([(jobs[0], broken, jobs[1])]))
    assert found["broken"].message == "ZeroDivisionError: a fault of the model"
    assert [outcome.numbers is None for outcome in found.values()] == [False, True, False]


def test_a_job_that_kills_its_workers_is_given_up_and_the_others_are_done(context: Context, jobs: list[Job]) -> None:
    pool = ProcessPool(context, 1)
    poison = replace(jobs[0], key="poison", workload="deadly")
    try:
        found = outcomes(pool, iter([(jobs[0], poison, jobs[1], jobs[2])]))
    finally:
        pool.close()
    assert found["poison"].message == f"given up: {TRIES} workers died of it, the last with SIGKILL"
    assert sorted(key for key, outcome in found.items() if outcome.numbers) == ["0", "1", "2"]


def test_the_jobs_of_a_killed_worker_are_run_again(context: Context, jobs: list[Job]) -> None:
    """Three workers are killed from outside, each when it has handed over the first outcomes of its batch."""
    pool = ProcessPool(context, 2)
    many = [replace(job, key=f"{round_}-{job.key}") for round_ in range(8) for job in jobs]
    found, killed = [], 0
    try:
        for outcome in pool.results(batches_of(many, 8)):
            found.append(outcome)
            owing = [worker for worker in pool._workers if worker.is_ready and not worker.is_idle]
            if owing and killed < 3:
                os.kill(owing[0]._process.pid or 0, signal.SIGKILL)
                killed += 1
    finally:
        pool.close()
    assert sorted(outcome.key for outcome in found) == sorted(job.key for job in many)
    assert all(outcome.numbers for outcome in found)
    assert killed == 3


def test_dask_runs_the_jobs_of_a_killed_worker_again_and_gives_up_the_job_that_kills(
    context: Context, jobs: list[Job]
) -> None:
    executor = DaskExecutor(context, 2, None)
    poison = replace(jobs[0], key="poison", workload="deadly")
    many = [replace(job, key=f"{round_}-{job.key}") for round_ in range(8) for job in jobs]
    found: list[Outcome] = []
    try:
        for outcome in executor.results(batches_of([*many, poison], 8)):
            if not found:
                os.kill(next(iter(executor._cluster.workers.values())).pid, signal.SIGKILL)
            found.append(outcome)
    finally:
        executor.close()
    messages = {outcome.key: outcome.message for outcome in found}
    assert messages.pop("poison") == f"given up: {TRIES} workers died of it"
    assert messages == {job.key: "" for job in many}
    assert len(found) == len(many) + 1


def test_wrong_names(context: Context) -> None:
    with pytest.raises(InputError, match="did you mean 'process'"):
        make_executor("processes", context)
    with pytest.raises(InputError, match="goes with --executor dask"):
        make_executor("serial", context, scheduler="tcp://localhost:8786")
