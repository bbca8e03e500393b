"""The numbers of every report, computed once: terminal, CSV and figures all read them from here.

Pure functions from a `Result` to frozen rows. Fractions are 0..1, times are seconds, traffic is bytes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from accelsim.result import CAUSE_LABELS, CAUSES, LayerResult, Result, RunResult, Totals

FP32_BITS = 32


@dataclass(frozen=True, slots=True)
class Headline:
    """A run in a dozen numbers, all cores together: `cores_per_image` of them work on each of the `images`.

    `dram_fraction` is None when the memory is ideal, `speedup` without a baseline.
    """

    workload: str
    hardware: str
    precision: str
    clock_hz: float
    images: int
    cores_per_image: int
    cycles: int
    latency_seconds: float
    frames_per_second: float
    macs: int
    macs_per_second: float
    utilisation: float
    dram_bytes: int
    dram_bytes_per_second: float
    dram_peak_bytes_per_second: float | None
    dram_fraction: float | None
    baseline: str | None
    baseline_description: str | None
    baseline_latency_seconds: float | None
    speedup: float | None


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer as reports show it; `utilisation` and `intensity` are None where there is nothing to divide."""

    result: LayerResult
    precision: str
    share: float
    utilisation: float | None
    dram_bytes: int
    intensity: float | None
    macs_per_second: float
    baseline: LayerResult | None
    speedup: float | None


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One cause of cycles in the run and in its baseline (None without one)."""

    cause: str
    label: str
    cycles: int
    fraction: float
    baseline_cycles: int | None
    baseline_fraction: float | None


@dataclass(frozen=True, slots=True)
class Roof:
    """The highest rate of one multiplier mode, and the precisions that run in it."""

    label: str
    macs_per_second: float


def ratio(numerator: float, denominator: float) -> float | None:
    """A quotient, or None when there is nothing to divide by."""
    return numerator / denominator if denominator else None


def dram_bytes(part: LayerResult | Totals) -> int:
    """Bytes over the DRAM bus in both directions."""
    return part.dram_read_bytes + part.dram_write_bytes


def clock_hz(result: Result) -> float:
    """Core clock as the machine's description has it."""
    return float(result.hardware["clock_hz"])


def cores_per_image(result: Result) -> int:
    """How many cores share an image; one in results of before that was a choice."""
    return int(result.hardware.get("cores_per_image", 1))


def peak_bandwidth(result: Result) -> float | None:
    """DRAM peak in bytes/s, or None when the memory is ideal."""
    return result.dram_peak_bytes_per_second


def precision_label(layer: LayerResult) -> str:
    """`w4a8`, or `fp32` where both operands are 32 bits wide."""
    if layer.weight_bits == layer.activation_bits == FP32_BITS:
        return "fp32"
    return f"w{layer.weight_bits}a{layer.activation_bits}"


def utilisation(result: Result) -> float:
    """The utilisation of a run and its machine."""
    return run_utilisation(result, result.peak_macs_per_cycle // result.totals.images)


def run_utilisation(run: RunResult, native_macs_per_cycle: int) -> float:
    """MACs done of the MACs possible in the run's cycles at each layer's own width, on all cores.

    A layer without MACs occupies its cycles at the native width, that of all cores of an image: an array that waits for
    pooling is not utilised.
    """
    possible = sum(layer.cycles * (layer.peak_macs_per_cycle or native_macs_per_cycle) for layer in run.layers)
    return ratio(run.totals.macs, run.totals.images * possible) or 0.0


def headline(result: Result) -> Headline:
    """The numbers above every report."""
    totals, base, peak = result.totals, result.baseline, peak_bandwidth(result)
    rate = ratio(dram_bytes(totals), totals.seconds) or 0.0
    return Headline(
        workload=result.workload,
        hardware=str(result.hardware["name"]),
        precision=result.precision,
        clock_hz=clock_hz(result),
        images=totals.images,
        cores_per_image=cores_per_image(result),
        cycles=totals.cycles,
        latency_seconds=totals.seconds,
        frames_per_second=ratio(totals.images, totals.seconds) or 0.0,
        macs=totals.macs,
        macs_per_second=ratio(totals.macs, totals.seconds) or 0.0,
        utilisation=utilisation(result),
        dram_bytes=dram_bytes(totals),
        dram_bytes_per_second=rate,
        dram_peak_bytes_per_second=peak,
        dram_fraction=rate / peak if peak else None,
        baseline=base.name if base else None,
        baseline_description=base.description if base else None,
        baseline_latency_seconds=base.totals.seconds if base else None,
        speedup=result.speedup,
    )


def layer_rows(result: Result) -> list[LayerRow]:
    """The layers in execution order, each beside the baseline's layer of the same name."""
    base = {layer.name: layer for layer in result.baseline.layers} if result.baseline else {}
    return [_layer_row(layer, base.get(layer.name), result) for layer in result.layers]


def _layer_row(layer: LayerResult, base: LayerResult | None, result: Result) -> LayerRow:
    moved = dram_bytes(layer)
    return LayerRow(
        result=layer,
        precision=precision_label(layer),
        share=ratio(layer.cycles, result.totals.cycles) or 0.0,
        utilisation=ratio(layer.macs, layer.cycles * layer.peak_macs_per_cycle) if layer.macs else None,
        dram_bytes=moved,
        intensity=ratio(layer.macs, moved) if layer.macs else None,
        macs_per_second=(ratio(layer.macs, layer.cycles) or 0.0) * clock_hz(result),
        baseline=base,
        speedup=ratio(base.cycles, layer.cycles) if base else None,
    )


def cause_rows(result: Result) -> list[CauseRow]:
    """Every cause in the order of `CAUSES`; the cycles of the rows add up to the run's."""
    base = result.baseline.totals if result.baseline else None
    return [
        CauseRow(
            cause=cause,
            label=CAUSE_LABELS[cause],
            cycles=result.totals.breakdown[cause],
            fraction=ratio(result.totals.breakdown[cause], result.totals.cycles) or 0.0,
            baseline_cycles=base.breakdown[cause] if base else None,
            baseline_fraction=(ratio(base.breakdown[cause], base.cycles) or 0.0) if base else None,
        )
        for cause in CAUSES
    ]


def roofs(run: RunResult, clock: float) -> list[Roof]:
    """The compute roofs of the modes that occur, lowest first; precisions that share a mode share its roof."""
    modes: dict[int, list[str]] = {}
    for layer in run.layers:
        if layer.macs:
            labels = modes.setdefault(layer.peak_macs_per_cycle, [])
            if precision_label(layer) not in labels:
                labels.append(precision_label(layer))
    return [Roof(", ".join(sorted(labels)), peak * clock) for peak, labels in sorted(modes.items())]


def bandwidth_series(run: RunResult, clock: float) -> tuple[list[float], dict[str, list[float]]]:
    """Edges of the time bins in seconds (one more than bins), and each initiator's bytes/s in every bin.

    The last bin ends with the run, so that its rate is not diluted by time that never passed.
    """
    width = run.bandwidth.bin_cycles
    count = max((len(series) for series in run.bandwidth.bytes_by_initiator.values()), default=0)
    starts = [index * width for index in range(count) if index * width < run.totals.cycles]
    edges = [*starts, run.totals.cycles]
    seconds = [(end - start) / clock for start, end in itertools.pairwise(edges)]
    rates = {
        name: [moved / span for moved, span in zip(series, seconds, strict=False)]
        for name, series in run.bandwidth.bytes_by_initiator.items()
    }
    return [edge / clock for edge in edges], rates
