"""A job into numbers, in whatever process: the simulation, and what neighbouring jobs can share of its preparation."""

from __future__ import annotations

import gc
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from accelsim.analytic.area import array_area_mm2
from accelsim.errors import AccelSimError
from accelsim.explore.codesign.errors import Errors
from accelsim.explore.sweeps.error_proxy import average_weight_bits, error_proxy
from accelsim.explore.sweeps.jobs import BASELINE, Context, Job, Numbers, Outcome, planned
from accelsim.explore.sweeps.reuse import without_idle_decoders
from accelsim.report.summary import run_utilisation
from accelsim.result import RunResult
from accelsim.simulation import baseline_of, dram_of, memory_view, plan_run, run_network, run_schedule
from accelsim.workload.formats import Precision
from accelsim.workload.precision import allocated_precision

Kept = TypeVar("Kept")


@dataclass
class Recent:
    """The values of the last few keys."""

    size: int
    _kept: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The value of a key, made if it is not at hand."""
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > self.size:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        found: Kept = self._kept[key]
        return found


class Evaluator:
    """Runs jobs. Plans, runs, cost tables and baselines of the last jobs are kept: neighbours in a sweep share them.

    A plan is reused for machines that differ only in what planning does not read, a run for those that differ only in
    decoders that never matter, so results are those of `run_network` bit for bit. Single layers are never reused: what
    a layer finds in the DRAM's banks, in the buffers and on the bus depends on those before it (docs/sweep.md).
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._plans, self._runs, self._tables, self._baselines = Recent(4), Recent(4), Recent(2), Recent(8)
        self._proxies: dict[tuple[str, str], tuple[float, float]] = {}
        self._errors: dict[str, Errors] = {}  # by network, the same for every machine

    def run(self, job: Job) -> Outcome:
        """The numbers of a job, or the message of what it raised."""
        start = time.thread_time()
        with _collected_afterwards():
            try:
                numbers, message = self._numbers(job), ""
            except AccelSimError as error:
                numbers, message = None, str(error)
            except Exception as error:  # a fault of the model at one point must not end the sweep of all others
                numbers, message = None, f"{type(error).__name__}: {error}"
        return Outcome(job.key, numbers, message, time.thread_time() - start)

    def _numbers(self, job: Job) -> Numbers:
        if job.bits in self._context.codesigns:
            return self._searched(job)
        precision = self._context.precisions[job.workload, job.bits]
        run = self._simulated(job, precision)
        if job.bits == BASELINE:
            self._baselines.get(job.key, lambda: run.totals.cycles)
        proxy = job.workload, job.bits
        if proxy not in self._proxies:
            workload = self._context.workloads[job.workload]
            self._proxies[proxy] = error_proxy(workload, precision), average_weight_bits(workload, precision)
        return _numbers_of(run, job, *self._proxies[proxy])

    def _simulated(self, job: Job, precision: Precision) -> RunResult:
        hardware = job.hardware
        plan = (*planned(job), memory_view(hardware, dram_of(hardware)))
        workload = self._context.workloads[job.workload]
        schedule = self._plans.get(plan, lambda: plan_run(workload, hardware, precision))
        twin = without_idle_decoders(schedule, hardware)
        return self._runs.get((plan, twin), lambda: run_schedule(schedule, hardware, precision))

    def _searched(self, job: Job) -> Numbers:
        """Bits searched for this machine: nine runs for its cost table, which all searches on it share."""
        from accelsim.explore.codesign.errors import NoiseErrors
        from accelsim.explore.codesign.problem import Freedom, allocation_problem, parse_pins
        from accelsim.explore.codesign.search import Codesign
        from accelsim.explore.cost_table import cost_table

        workload, target = self._context.workloads[job.workload], self._context.codesigns[job.bits]
        freedom = Freedom(tuple(target.widths), tuple(target.widths), parse_pins(workload, ()))
        widths = freedom.table_widths
        table = self._tables.get(
            (job.workload, job.hardware, str(widths)), lambda: cost_table(workload, job.hardware, *widths)
        )
        errors = self._errors.setdefault(job.workload, NoiseErrors(workload))
        problem = allocation_problem(workload, table, freedom, errors)
        search = Codesign(workload, job.hardware, freedom, errors, problem, self._baseline_cycles(job))
        design = search.for_speedup(target.speedup)
        precision = allocated_precision(workload, design.allocation, job.bits)
        run = run_network(workload, job.hardware, precision)
        allocation = {name: (formats.weights, formats.activations) for name, formats in design.allocation.items()}
        return _numbers_of(
            run, job, error_proxy(workload, precision), average_weight_bits(workload, precision), allocation
        )

    def _baseline_cycles(self, job: Job) -> int:
        if job.baseline_cycles is not None:
            return job.baseline_cycles
        workload = self._context.workloads[job.workload]

        def simulated() -> int:
            machine, precision = baseline_of(self._context.baseline, workload, job.hardware)
            return run_network(workload, machine, precision).totals.cycles

        return self._baselines.get(job.baseline, simulated)


@contextmanager
def _collected_afterwards() -> Iterator[None]:
    """A run leaves circles of processes and events: at its end they are found fast, and take no memory."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if was_enabled:
            gc.enable()


def _numbers_of(
    run: RunResult,
    job: Job,
    error: float,
    average_bits: float,
    allocation: dict[str, tuple[str, str]] | None = None,
) -> Numbers:
    totals, array = run.totals, job.hardware.array
    return Numbers(
        cycles=totals.cycles,
        seconds=totals.seconds,
        macs=totals.macs,
        dram_read_bytes=totals.dram_read_bytes,
        dram_write_bytes=totals.dram_write_bytes,
        utilisation=run_utilisation(run, array.elements * job.hardware.cores_per_image),
        breakdown=totals.breakdown,
        error=error,
        average_bits=average_bits,
        array_area_mm2=array_area_mm2(job.hardware),
        trace_hash=run.trace_hash,
        allocation=allocation,
    )
