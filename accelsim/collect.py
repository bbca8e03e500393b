"""From a finished simulation to its result: windows, breakdown, traffic and the bandwidth over time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from simpy import Environment

from accelsim.config.hardware import Hardware
from accelsim.hw.accelerator import Accelerator
from accelsim.hw.account import LayerRun
from accelsim.hw.core import ENGINES
from accelsim.result import CAUSES, BandwidthTimeline, Bound, LayerResult, RunResult, Totals
from accelsim.tlm import Trace, collect
from accelsim.units import ceil_div
from accelsim.workload.formats import Precision

#: Bins of the bandwidth-over-time figure, at most.
TIMELINE_BINS = 200

_BOUND_OF_CAUSE: dict[str, Bound] = {
    "computing": "compute",
    "fill_drain": "fill_drain",
    "wait_decoder": "decoder",
    "wait_weights": "dram",
    "wait_inputs": "dram",
    "wait_output_space": "dram",
    "wait_vector_unit": "vector_unit",
    "idle": "idle",
}


def collect_result(
    accelerator: Accelerator, hardware: Hardware, precision: Precision, trace: Trace, end_cycle: int
) -> RunResult:
    """Everything that a run found.

    Layers and breakdown are those of the core that ends last, which is the one that the run waits for; MACs and bytes
    of the totals, and the bandwidth, are all cores'.
    """
    runs_by_core = [core.controller.layers for core in accelerator.cores]
    runs = max(runs_by_core, key=lambda runs: runs[-1].end_cycle)
    every_run = [run for runs in runs_by_core for run in runs]
    breakdown = {cause: sum(run.breakdown[cause] for run in runs) for cause in CAUSES}
    breakdown["idle"] += end_cycle - runs[-1].end_cycle
    return RunResult(
        precision=precision.label,
        trace_hash=trace.digest(),
        events=_events_of(accelerator.env),
        totals=Totals(
            cycles=end_cycle,
            seconds=end_cycle / hardware.clock_hz,
            images=len(accelerator.cores),
            macs=sum(run.plan.layer.macs for run in every_run),
            dram_read_bytes=sum(run.read_bytes for run in every_run),
            dram_write_bytes=sum(run.write_bytes for run in every_run),
            breakdown=breakdown,
        ),
        layers=[layer_result(run) for run in runs],
        statistics=collect(accelerator),
        bandwidth=bandwidth_timeline(trace, end_cycle),
    )


def layer_result(run: LayerRun) -> LayerResult:
    """One finished layer of one core."""
    plan, layer = run.plan, run.plan.layer
    return LayerResult(
        name=layer.name,
        kind=layer.kind,
        macs=layer.macs,
        weight_bits=plan.weight_format.bits,
        activation_bits=plan.input_format.bits,
        weight_format=plan.weight_format.name,
        activation_format=plan.input_format.name,
        output_format=plan.output_format.name,
        start_cycle=run.start_cycle,
        end_cycle=run.end_cycle,
        cycles=run.end_cycle - run.start_cycle,
        compute_cycles=run.compute_cycles,
        peak_macs_per_cycle=plan.shape.macs_per_cycle if plan.shape else 0,
        tiles=len(plan.steps) or len(plan.outputs),
        weight_bytes=plan.traffic.weight_bytes,
        dram_read_bytes=run.read_bytes,
        dram_write_bytes=run.write_bytes,
        breakdown=dict(run.breakdown),
        bound=bound_of(run.breakdown),
    )


def bound_of(breakdown: Mapping[str, int]) -> Bound:
    """The group of causes with the most cycles, the first in report order when equal; `idle` when there are none."""
    groups = dict.fromkeys(_BOUND_OF_CAUSE.values(), 0)
    for cause in CAUSES:
        groups[_BOUND_OF_CAUSE[cause]] += breakdown[cause]
    return max(groups, key=lambda bound: groups[bound]) if any(groups.values()) else "idle"


def bandwidth_timeline(trace: Trace, end_cycle: int) -> BandwidthTimeline:
    """DRAM bytes per bin and kind of DMA engine, all cores together; a transaction counts when it completes.

    Bin i holds what completes after cycle i * bin_cycles and up to (i + 1) * bin_cycles; cycle 0 belongs to the first.
    """
    bin_cycles = max(1, ceil_div(end_cycle, TIMELINE_BINS))
    bins = max(1, ceil_div(end_cycle, bin_cycles))
    rows = np.concatenate([trace.rows("dram_read"), trace.rows("dram_write")])
    totals = {engine: np.zeros(bins, dtype=np.int64) for engine in ENGINES}
    for source, path in enumerate(trace.sources):
        mine = rows[rows[:, 1] == source]
        if len(mine):
            engine = path.rpartition(".")[2].removesuffix("_dma")  # accelerator.core0.weight_dma: weight
            np.add.at(totals[engine], np.maximum(mine[:, 0] - 1, 0) // bin_cycles, mine[:, 3])
    series = {engine: moved.tolist() for engine, moved in totals.items()}
    return BandwidthTimeline(bin_cycles=bin_cycles, bytes_by_initiator=series)


def _events_of(env: Environment) -> int:
    """Events scheduled so far; SimPy numbers them for its queue but offers no public way to ask."""
    return next(env._eid)
