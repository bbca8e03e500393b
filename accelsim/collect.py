"""From a finished simulation to its result: windows, breakdown, traffic and the bandwidth over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

    Layers and breakdown are of the image that ends last, which is the one that the run waits for; MACs and bytes of the
    totals, and the bandwidth, are all cores'.
    """
    runs_by_core = [core.controller.layers for core in accelerator.cores]
    team = hardware.cores_per_image
    images = [runs_by_core[first : first + team] for first in range(0, len(runs_by_core), team)]
    last_image = max(images, key=_end_cycle)
    layers = layer_results(last_image)
    every_run = [run for runs in runs_by_core for run in runs]
    breakdown = {cause: sum(layer.breakdown[cause] for layer in layers) for cause in CAUSES}
    breakdown["idle"] += end_cycle - _end_cycle(last_image)
    return RunResult(
        precision=precision.label,
        trace_hash=trace.digest(),
        events=_events_of(accelerator.env),
        totals=Totals(
            cycles=end_cycle,
            seconds=end_cycle / hardware.clock_hz,
            images=len(images),
            macs=sum(run.plan.macs for run in every_run),
            dram_read_bytes=sum(run.read_bytes for run in every_run),
            dram_write_bytes=sum(run.write_bytes for run in every_run),
            breakdown=breakdown,
        ),
        layers=layers,
        statistics=collect(accelerator),
        bandwidth=bandwidth_timeline(trace, end_cycle),
    )


def layer_results(runs_by_core: Sequence[Sequence[LayerRun]]) -> list[LayerResult]:
    """The layers of one image: the work of all cores that share it, and the mean of their timelines.

    All timelines begin at 0, and who is done idles until the last one is. Cycles of all cores are added up layer by
    layer and cause by cause, and each sum is divided as it stands, so that the whole cycles that come out add up, too.
    """
    cores, end_cycle = len(runs_by_core), _end_cycle(runs_by_core)
    layers: list[LayerResult] = []
    total = 0
    for of_cores in zip(*runs_by_core, strict=True):
        start_cycle, breakdown = total // cores, {}
        for cause in CAUSES:
            before = total // cores
            total += sum(run.breakdown[cause] for run in of_cores)
            if cause == "idle" and len(layers) == len(runs_by_core[0]) - 1:
                total += sum(end_cycle - run.end_cycle for run in of_cores)
            breakdown[cause] = total // cores - before
        layers.append(_layer_result(of_cores, start_cycle, breakdown))
    return layers


def _layer_result(of_cores: Sequence[LayerRun], start_cycle: int, breakdown: dict[str, int]) -> LayerResult:
    plans = [run.plan for run in of_cores]
    plan, layer = plans[0], plans[0].layer  # the first core has a share of every layer
    cycles = sum(breakdown.values())
    return LayerResult(
        name=layer.name,
        kind=layer.kind,
        macs=sum(each.macs for each in plans),
        weight_bits=plan.weight_format.bits,
        activation_bits=plan.input_format.bits,
        weight_format=plan.weight_format.name,
        activation_format=plan.input_format.name,
        output_format=plan.output_format.name,
        start_cycle=start_cycle,
        end_cycle=start_cycle + cycles,
        cycles=cycles,
        compute_cycles=sum(run.compute_cycles for run in of_cores) // len(of_cores),
        peak_macs_per_cycle=plan.shape.macs_per_cycle * len(of_cores) if plan.shape else 0,
        tiles=sum(len(each.steps) or len(each.outputs) for each in plans),
        weight_bytes=sum(each.traffic.weight_bytes for each in plans),
        dram_read_bytes=sum(run.read_bytes for run in of_cores),
        dram_write_bytes=sum(run.write_bytes for run in of_cores),
        breakdown=breakdown,
        bound=bound_of(breakdown),
    )


def _end_cycle(runs_by_core: Sequence[Sequence[LayerRun]]) -> int:
    """When the last core of an image is done."""
    return max(runs[-1].end_cycle for runs in runs_by_core)


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
