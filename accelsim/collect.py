"""From a finished simulation to its result: windows, breakdown, traffic and the bandwidth over time."""

from __future__ import annotations

from itertools import count
from typing import cast

import numpy as np
from simpy import Environment

from accelsim.config.hardware import Hardware
from accelsim.hw.accelerator import Accelerator
from accelsim.hw.account import LayerRun
from accelsim.result import CAUSES, BandwidthTimeline, Bound, LayerResult, RunResult, Totals
from accelsim.tlm import Trace, collect
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
    """Everything that a run found. Layers and breakdown are those of the first core; bytes and MACs are all cores'."""
    runs = accelerator.cores[0].controller.layers
    layers = [_layer_result(run, hardware) for run in runs]
    breakdown = {cause: sum(run.breakdown[cause] for run in runs) for cause in CAUSES}
    breakdown["idle"] += end_cycle - runs[-1].end_cycle
    every_run = [run for core in accelerator.cores for run in core.controller.layers]
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
        layers=layers,
        statistics=collect(accelerator),
        bandwidth=_bandwidth(trace, end_cycle),
    )


def _layer_result(run: LayerRun, hardware: Hardware) -> LayerResult:
    plan, layer = run.plan, run.plan.layer
    groups: dict[Bound, int] = {}
    for cause, cycles in run.breakdown.items():
        bound = _BOUND_OF_CAUSE[cause]
        groups[bound] = groups.get(bound, 0) + cycles
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
        bound=max(groups, key=lambda bound: groups[bound]),
    )


def _bandwidth(trace: Trace, end_cycle: int) -> BandwidthTimeline:
    """DRAM bytes per bin and initiator; a transaction counts in the bin in which it completes."""
    bin_cycles = max(1, -(-end_cycle // TIMELINE_BINS))
    bins = end_cycle // bin_cycles + 1
    series: dict[str, list[int]] = {}
    rows = np.concatenate([trace.rows("dram_read"), trace.rows("dram_write")])
    for source, path in enumerate(trace.sources):
        mine = rows[rows[:, 1] == source]
        if len(mine):
            totals = np.bincount(mine[:, 0] // bin_cycles, weights=mine[:, 3], minlength=bins)
            series[path.removeprefix("accelerator.")] = [int(total) for total in totals]
    return BandwidthTimeline(bin_cycles=bin_cycles, bytes_by_initiator=series)


def _events_of(env: Environment) -> int:
    """Events scheduled so far; SimPy numbers them for its queue but offers no public way to ask."""
    return next(cast("count[int]", env._eid))
