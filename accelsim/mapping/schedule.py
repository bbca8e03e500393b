"""The schedule of a run as plain data: what is fetched, multiplied, post-processed and stored, in order. No times.

A layer is a list of steps (one tile multiplication each) and of output tiles (one pass of the vector unit each); both
name the loads they need by index. The simulation decides only when each of these happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from accelsim.analytic.compute import ArrayShape
from accelsim.mapping.layout import Run
from accelsim.mapping.ranges import Range
from accelsim.mapping.tiles import Tiling
from accelsim.mapping.weight_layout import WeightTile
from accelsim.workload.formats import TensorFormat
from accelsim.workload.layers import Gemm, Layer


@dataclass(frozen=True, slots=True)
class Load:
    """One tile that a DMA engine brings on chip: `size_bytes` cross the DRAM's bus, `kept_bytes` stay in the buffer.

    `tensor` is None for trained weights; otherwise these rows of that tensor must be in DRAM before.
    """

    runs: tuple[Run, ...]
    size_bytes: int
    kept_bytes: int
    tensor: str | None
    rows: Range

    @classmethod
    def of(cls, runs: tuple[Run, ...], tensor: str | None = None, rows: Range = (0, 0)) -> Load:
        """The tile that lies in these runs, all of it kept."""
        size_bytes = sum(run.size_bytes for run in runs)
        return cls(runs, size_bytes, size_bytes, tensor, rows)


class TileRanges(NamedTuple):
    """What a tile spans: groups, rows of the raw output, outputs and input channels of each group."""

    groups: Range
    rows: Range
    outputs: Range
    channels: Range


@dataclass(frozen=True, slots=True)
class Step:
    """One tile multiplication: its size and place, the loads it reads, and the output tile of its partial sums.

    `input_load` is None when the input is resident; then its first `input_rows` rows must have been produced.
    `starts_output` and `ends_output` mark the first and last input-channel tile of the output tile.
    """

    tile: Gemm
    ranges: TileRanges
    weight_load: int
    input_load: int | None
    input_rows: int
    output: int
    starts_output: bool
    ends_output: bool


@dataclass(frozen=True, slots=True)
class OutputTile:
    """What the vector unit does for one output tile: `elements` in, `encoded_bytes` out, stored as `runs`.

    `reserved_bytes` is what the tile takes of the output buffer until then: its partial sums, or its result if that is
    larger. `loads` are the operands it reads beside the partial sums (residual inputs; for a vector layer all of its
    input). `runs` is empty when the result stays on chip, or when pooling has completed no row yet. Once the tile is
    done, the core's share of the first `rows_done` rows of the layer's output tensor is complete.
    """

    elements: int
    reserved_bytes: int
    encoded_bytes: int
    loads: tuple[int, ...]
    runs: tuple[Run, ...]
    rows_done: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """DRAM bytes that a layer's plan moves; trained weights apart from the parameters and scales that travel along."""

    weight_bytes: int = 0
    parameter_bytes: int = 0
    input_bytes: int = 0
    operand_bytes: int = 0
    output_bytes: int = 0

    @property
    def read_bytes(self) -> int:
        """Everything that comes from DRAM."""
        return self.weight_bytes + self.parameter_bytes + self.input_bytes + self.operand_bytes

    @property
    def total_bytes(self) -> int:
        """Everything that crosses the DRAM's bus."""
        return self.read_bytes + self.output_bytes


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One layer, or a core's share of it, made ready to run.

    `shape` and `tiling` are None for a vector layer. `weight_loads` go through the weight DMA, `loads` (input tiles and
    operands, in the order of need) through the input DMA. `resident_bytes` is what the layer's output takes of the
    input buffer (zero when the output goes to DRAM), `freed_bytes` what tensors read for the last time here give back.
    `rows` are those of the output tensor that it makes, all of their channels or some.
    `weight_tiles` says what lies where in each of `weight_loads` of trained weights.
    """

    layer: Layer
    weight_format: TensorFormat
    input_format: TensorFormat
    output_format: TensorFormat
    shape: ArrayShape | None
    tiling: Tiling | None
    passes: Fraction
    weight_loads: tuple[Load, ...]
    loads: tuple[Load, ...]
    steps: tuple[Step, ...]
    outputs: tuple[OutputTile, ...]
    resident_bytes: int
    freed_bytes: int
    rows: Range
    traffic: Traffic
    weight_tiles: tuple[WeightTile, ...] = ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all steps."""
        return sum(step.tile.macs for step in self.steps)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the cores that share an image do: for each of them a program, its part of every layer in order.

    With the bytes of DRAM that the network occupies, and its input, which lies there.
    """

    programs: tuple[tuple[LayerPlan, ...], ...]
    footprint_bytes: int
    input_name: str

    @property
    def plans(self) -> tuple[LayerPlan, ...]:
        """Those of all programs, one program after the other."""
        return tuple(chain.from_iterable(self.programs))
