"""Results made of given layers. What is not given is small enough to do in the head: a clock of 1 MHz, 10 MACs a
cycle, a DRAM of 4 bytes a cycle."""

from __future__ import annotations

from typing import Any

from accelsim.result import (
    CAUSES,
    SCHEMA_VERSION,
    BandwidthTimeline,
    BaselineResult,
    LayerResult,
    Result,
    Totals,
)
from accelsim.units import ceil_div

CLOCK_HZ = 1_000_000
PEAK_BYTES_PER_SECOND = 4e6
BINS = 200


def layer(name: str, *, cycles: int, computing: int = 0, cause: str = "wait_inputs", **changes: Any) -> LayerResult:
    """A w4a4 layer that computes for some of its cycles and spends the rest on one cause; bound by DRAM unless said."""
    breakdown = dict.fromkeys(CAUSES, 0) | {"computing": computing, cause: cycles - computing}
    fields = {
        "name": name, "kind": "conv2d", "macs": 400, "weight_bits": 4, "activation_bits": 4,
        "weight_format": "dybit4", "activation_format": "dybit4", "output_format": "dybit4",
        "start_cycle": 0, "end_cycle": cycles, "cycles": cycles, "compute_cycles": computing,
        "peak_macs_per_cycle": 10, "tiles": 1, "weight_bytes": 30, "dram_read_bytes": 60, "dram_write_bytes": 40,
        "breakdown": breakdown, "bound": "dram",
    }  # fmt: skip
    return LayerResult(**(fields | changes))


def vector_layer(name: str, *, cycles: int) -> LayerResult:
    """A layer that the array waits for and takes no part in; its tensors stay on chip."""
    idle_array = {"macs": 0, "compute_cycles": 0, "peak_macs_per_cycle": 0, "weight_bytes": 0}
    no_traffic = {"dram_read_bytes": 0, "dram_write_bytes": 0}
    fields = {"kind": "pool", "cause": "wait_vector_unit", "bound": "vector_unit"} | idle_array | no_traffic
    return layer(name, cycles=cycles, **fields)


def result(
    layers: list[LayerResult],
    base: list[LayerResult] | None = None,
    *,
    cores: int = 1,
    cores_per_image: int = 1,
    clock_hz: int = CLOCK_HZ,
    **changes: Any,
) -> Result:
    """The result of the layers of each image, against a baseline of the layers in `base`."""
    images = cores // cores_per_image
    run, reference = _run(layers, images, clock_hz), None
    if base is not None:
        what = {"precision": "fp32", "name": "fp32", "description": "the same array in FP32", "array": (2, 5)}
        reference = BaselineResult(**(_run(base, images, clock_hz) | what))
    fields = {
        "precision": "w4a4", "schema_version": SCHEMA_VERSION, "workload": "net", "seed": 0,
        "hardware": {"name": "machine", "clock_hz": clock_hz, "cores_per_image": cores_per_image},
        "peak_macs_per_cycle": 10 * cores,
        "dram_peak_bytes_per_second": PEAK_BYTES_PER_SECOND, "baseline": reference,
        "speedup": reference.totals.cycles / run["totals"].cycles if reference else None,
    }  # fmt: skip
    return Result(**(run | fields | changes))


def _run(layers: list[LayerResult], images: int, clock_hz: int) -> dict[str, Any]:
    cycles = sum(layer.cycles for layer in layers)
    totals = Totals(
        cycles=cycles,
        seconds=cycles / clock_hz,
        images=images,
        macs=images * sum(layer.macs for layer in layers),
        dram_read_bytes=images * sum(layer.dram_read_bytes for layer in layers),
        dram_write_bytes=images * sum(layer.dram_write_bytes for layer in layers),
        breakdown={cause: sum(layer.breakdown[cause] for layer in layers) for cause in CAUSES},
    )
    return {
        "trace_hash": "0" * 16, "events": 9 * len(layers), "totals": totals, "layers": layers, "statistics": {},
        "bandwidth": _timeline(layers, cycles),
    }  # fmt: skip


def _timeline(layers: list[LayerResult], cycles: int) -> BandwidthTimeline:
    """Each layer's traffic spread evenly over its window, with weights one bin ahead as a prefetcher would."""
    bin_cycles = max(1, ceil_div(cycles, BINS))
    series = {"weight": [0] * BINS, "input": [0] * BINS, "output": [0] * BINS}
    for layer in layers:
        first, last = layer.start_cycle // bin_cycles, max(layer.end_cycle - 1, 0) // bin_cycles
        share = {"weight": layer.weight_bytes, "input": layer.dram_read_bytes - layer.weight_bytes}
        for initiator, count in (share | {"output": layer.dram_write_bytes}).items():
            for bin_index in range(first, last + 1):
                target = max(bin_index - 1, 0) if initiator == "weight" else bin_index
                series[initiator][target] += count // (last - first + 1)
    return BandwidthTimeline(bin_cycles=bin_cycles, bytes_by_initiator=series)
