"""What a run found: one typed tree, written as `result.json` and read back without loss.

The field names are a contract with other tools (`schema_version` counts its changes). Cycles and bytes are integers;
a `breakdown` maps every cause in `CAUSES` to cycles and adds up to the `cycles` beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1

#: Where the cycles of the array's timeline go, in the order reports show them.
CAUSES = (
    "computing",
    "fill_drain",
    "wait_decoder",
    "wait_weights",
    "wait_inputs",
    "wait_output_space",
    "wait_vector_unit",
    "idle",
)

#: What each cause is called in tables and figures.
CAUSE_LABELS = {
    "computing": "computing",
    "fill_drain": "fill / drain",
    "wait_decoder": "waiting for decoder",
    "wait_weights": "waiting for weights",
    "wait_inputs": "waiting for inputs",
    "wait_output_space": "waiting for output space",
    "wait_vector_unit": "waiting for vector unit",
    "idle": "idle",
}

Bound = Literal["compute", "fill_drain", "decoder", "dram", "vector_unit", "idle"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Totals(_Frozen):
    """A whole run: time, work and traffic, all images of all cores together.

    The breakdown, like the layers, is of the image that ends last.
    """

    cycles: int
    seconds: float
    images: int
    macs: int
    dram_read_bytes: int
    dram_write_bytes: int
    breakdown: dict[str, int]


class LayerResult(_Frozen):
    """One layer's window on the array's timeline: from the end of the layer before it to its own end.

    Windows tile the run, so `cycles` of all layers add up to the run's. DRAM bytes count where the layer's data moved,
    also when its weights were prefetched during an earlier window. `compute_cycles` is the array's busy time with
    fill and drain; `bound` names the largest group of causes in the breakdown. Where cores share the image, all cycles
    are the mean of theirs, MACs and bytes are those of all, and so is the peak.
    """

    name: str
    kind: str
    macs: int
    weight_bits: int
    activation_bits: int
    weight_format: str
    activation_format: str
    output_format: str
    start_cycle: int
    end_cycle: int
    cycles: int
    compute_cycles: int
    peak_macs_per_cycle: int
    tiles: int
    weight_bytes: int
    dram_read_bytes: int
    dram_write_bytes: int
    breakdown: dict[str, int]
    bound: Bound


class BandwidthTimeline(_Frozen):
    """DRAM bytes that completed in each bin of `bin_cycles` core cycles, by initiator: `weight`, `input`, `output` DMA.

    The engines of all cores count together. A cycle at the edge of two bins belongs to the earlier one; the last bin
    may be longer than what the run has left.
    """

    bin_cycles: int
    bytes_by_initiator: dict[str, list[int]]


class Flip(_Frozen):
    """One bit that was flipped: where and when, which bit, and the byte or code before and after."""

    place: str
    cycle: int
    where: str
    bit: int
    before: int
    after: int


class FaultResult(_Frozen):
    """What injected faults did, against the reference: flips in all, the first of them, and the change of the result.

    `relative_error` is the root of the mean squared change over that of the result; None where the result is zero.
    """

    requested: list[str]
    flip_count: int
    flips: list[Flip]
    changed_numbers: int
    relative_error: float | None
    changed_top1: int


class FunctionalResult(_Frozen):
    """The values of a run. `weights`, `scales` and `input` say where they are from, `top1` is the largest number of
    each image's result; `largest_sum` is the largest magnitude of any partial sum. `equals_reference` says whether
    every tensor does, bit for bit. `edge_bytes` came from beside a tile's own bytes.
    """

    images: int
    weights: str
    scales: str
    input: str
    output: str
    output_shape: tuple[int, int, int]
    top1: list[int]
    accumulator_bits: int
    largest_sum: int
    edge_bytes: int
    equals_reference: bool
    faults: FaultResult | None


class RunResult(_Frozen):
    """One simulation of one network at one precision."""

    precision: str
    trace_hash: str
    events: int
    totals: Totals
    layers: list[LayerResult]
    statistics: dict[str, Any]
    bandwidth: BandwidthTimeline


class BaselineResult(RunResult):
    """The run that the speed-up is measured against, and in what its machine differs."""

    name: str
    description: str
    array: tuple[int, int]


class Result(RunResult):
    """The answer of `simulate`: the run, its baseline and the speed-up between them.

    `hardware` is the expanded machine; `dram_peak_bytes_per_second` (None for ideal memory) and `peak_macs_per_cycle`
    (native width) are derived from it, so that a reader of the file needs no other. `functional` is None in a run that
    was only timed.
    """

    schema_version: int
    workload: str
    hardware: dict[str, Any]
    seed: int
    dram_peak_bytes_per_second: float | None
    peak_macs_per_cycle: int
    baseline: BaselineResult | None
    speedup: float | None
    functional: FunctionalResult | None = None

    def to_json(self) -> str:
        """The document of `--json` and `result.json`."""
        return self.model_dump_json(indent=1)


def load_result(path: Path) -> Result:
    """Read a `result.json`; raises pydantic's ValidationError when it is not one."""
    return Result.model_validate_json(path.read_text(encoding="utf-8"))
