"""Cycles of the PE array in closed form, per dataflow (docs/timing-model.md, "PE array").

The array multiplies a tile (pixels m x reduction k) by (k x outputs n). Rows and columns carry two of the three
dimensions, the third streams through in time; what does not fit into one pass is cut into *folds*. Without shadow
registers the counts equal SCALE-Sim 3's (its closed form: 2R + C + T - 2 per fold for ws and is, R + C + T - 2 for os).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from accelsim.analytic.dot_products import DotProducts, channels_of
from accelsim.config.hardware import ArrayConfig, Dataflow, DotConfig
from accelsim.units import ceil_div
from accelsim.workload.layers import Gemm

_ONE_PIXEL = DotConfig()


@dataclass(frozen=True, slots=True)
class ArrayShape:
    """The array a layer sees: physical rows and columns times the fusion factor of each edge.

    `input_codes_per_port` and `weight_codes_per_port` are those factors: operands that fit into one native-width
    word of an edge port. `skew_cycles` are those of a systolic array, `dot` is of that dataflow.
    """

    rows: int
    cols: int
    input_codes_per_port: int
    weight_codes_per_port: int
    skew_cycles: int
    dot: DotConfig = _ONE_PIXEL

    @property
    def macs_per_cycle(self) -> int:
        """Peak multiply-accumulates per cycle in this mode."""
        return self.rows * self.cols * self.dot.pixels


@dataclass(frozen=True, slots=True)
class ArrayCycles:
    """One tile on the array: `streaming` cycles feed operands, `fill_drain` is everything the pipeline adds."""

    streaming: int
    fill_drain: int
    input_codes: int
    weight_codes: int

    @property
    def total(self) -> int:
        """Cycles from the first operand in to the last partial sum out."""
        return self.streaming + self.fill_drain


def fusion_factor(operand_bits: tuple[int, ...], width_bits: int) -> int:
    """How many operands of a width one native port takes: native / the next supported width.

    A width above the native one (16- or 32-bit baselines) has a factor of 1: such an array is taken to be built for it.
    """
    native = operand_bits[-1]
    return native // next((mode for mode in operand_bits if mode >= width_bits), native)


def array_shape(array: ArrayConfig, weight_bits: int, input_bits: int) -> ArrayShape:
    """The array that a layer of these operand widths sees: what streams widens the rows, what stays the columns.

    With fusion in the reduction both widen the rows: each product of a fused PE has operands of its own.
    """
    inputs = fusion_factor(array.operand_bits, input_bits)
    weights = fusion_factor(array.operand_bits, weight_bits)
    by_rows, by_cols = (weights, inputs) if array.dataflow == "is" else (inputs, weights)
    if array.fusion == "reduction":
        by_rows, by_cols = inputs * weights, 1
        inputs = weights = by_rows
    rows, cols = array.rows * by_rows, array.cols * by_cols
    skew = (rows + cols if array.fusion == "pipelined" else array.rows + array.cols) - 2
    return ArrayShape(rows, cols, inputs, weights, skew, array.dot)


def array_cycles(tile: Gemm, shape: ArrayShape, dataflow: Dataflow, *, shadow_registers: bool) -> ArrayCycles:
    """Cycles of one tile, its groups included. Edge folds are charged like full ones.

    Groups that are smaller than the array (depthwise channels, small attention heads) share a fold on the diagonal.
    """
    folds, streamed = fold_count(tile, shape, dataflow)
    total = folded_cycles(folds, streamed, shape, dataflow, shadow_registers=shadow_registers)
    folds, streamed, total = int(folds), int(streamed), int(total)
    return ArrayCycles(folds * streamed, total - folds * streamed, *_operand_codes(tile, shape, dataflow))


def fold_count(tile: Gemm, shape: ArrayShape, dataflow: Dataflow) -> tuple[int, int]:
    """Folds that a tile is cut into, and the cycles one fold streams. Works on a tile of integer arrays as well."""
    across_rows, across_cols, streamed = _placement(tile, shape, dataflow)
    folds = ceil_div(across_rows, shape.rows) * ceil_div(across_cols, shape.cols)
    return folds * ceil_div(tile.groups, _groups_at_once(tile, shape, across_rows, across_cols)), streamed


def folded_cycles(folds: int, streamed: int, shape: ArrayShape, dataflow: Dataflow, *, shadow_registers: bool) -> int:
    """Cycles of `folds` passes that stream `streamed` cycles each. Works on integer arrays as well.

    With shadow registers the next fold's stationary operands (os: this fold's results) shift behind the stream.
    """
    skew = drain_cycles(shape, dataflow)
    if dataflow == "dot":
        return folds * streamed + skew
    load = 0 if dataflow == "os" else shape.rows
    if shadow_registers:
        per_fold: int = np.maximum(streamed, shape.rows)
        return load + (folds - 1) * per_fold + streamed + skew
    return folds * (load + streamed + skew)


def drain_cycles(shape: ArrayShape, dataflow: Dataflow) -> int:
    """From the last operand in to the last partial sum out: the skew of a systolic array, or the stages of a tree."""
    return (shape.rows - 1).bit_length() if dataflow == "dot" else shape.skew_cycles


@dataclass(frozen=True, slots=True)
class Fold:
    """One pass over the array: cycles it streams, and the operands that cross the edges while it loads and streams."""

    streamed: int
    loaded_inputs: int
    loaded_weights: int
    streamed_inputs: int
    streamed_weights: int


def folds_of(tile: Gemm, shape: ArrayShape, dataflow: Dataflow) -> Iterator[Fold]:
    """The folds of a tile one by one, with the operands that each really has; edge folds have fewer."""
    across_rows, across_cols, streamed = map(int, _placement(tile, shape, dataflow))
    at_once = int(_groups_at_once(tile, shape, across_rows, across_cols))
    for first_group in range(0, tile.groups, at_once):
        groups = min(at_once, tile.groups - first_group)
        for first_col in range(0, across_cols, shape.cols):
            cols = min(shape.cols, across_cols - first_col)
            for first_row in range(0, across_rows, shape.rows):
                rows = min(shape.rows, across_rows - first_row)
                by_rows, by_cols, held = groups * rows * streamed, groups * cols * streamed, groups * rows * cols
                if dataflow == "dot":
                    inputs = groups * rows * tile.pixels * (tile.reduction // across_rows)
                    yield Fold(streamed, 0, 0, inputs, held * streamed)
                elif dataflow == "ws":
                    yield Fold(streamed, 0, held, by_rows, 0)
                elif dataflow == "is":
                    yield Fold(streamed, held, 0, 0, by_rows)
                else:
                    yield Fold(streamed, 0, 0, by_rows, by_cols)


def _placement(tile: Gemm, shape: ArrayShape, dataflow: Dataflow) -> tuple[int, int, int]:
    """Which dimension lies across the rows, which across the columns, and which streams in time."""
    if dataflow == "ws":
        return tile.reduction, tile.outputs, tile.pixels
    if dataflow == "os":
        return tile.pixels, tile.outputs, tile.reduction
    if dataflow == "is":
        return tile.reduction, tile.pixels, tile.outputs
    dot = _dot_products(tile, shape)
    return dot.channels, tile.outputs, dot.positions * dot.beats


def _dot_products(tile: Gemm, shape: ArrayShape) -> DotProducts:
    return DotProducts.of(tile, shape.dot, _groups_at_once(tile, shape, channels_of(tile), tile.outputs))


def _groups_at_once(tile: Gemm, shape: ArrayShape, across_rows: int, across_cols: int) -> int:
    """Groups that share a fold on its diagonal."""
    fitting: int = np.minimum(shape.rows // across_rows, shape.cols // across_cols)
    at_once: int = np.maximum(1, np.minimum(tile.groups, fitting))
    return at_once


def _operand_codes(tile: Gemm, shape: ArrayShape, dataflow: Dataflow) -> tuple[int, int]:
    """Input and weight operands that cross the array's edges for one tile (each is decoded every time it crosses)."""
    inputs = tile.groups * tile.pixels * tile.reduction
    weights = tile.groups * tile.reduction * tile.outputs
    if dataflow == "is":
        return inputs, weights * ceil_div(tile.pixels, shape.cols)
    inputs *= ceil_div(tile.outputs, shape.cols)
    if dataflow == "os":
        weights *= ceil_div(tile.pixels, shape.rows)
    if dataflow == "dot":
        weights *= int(_dot_products(tile, shape).beats)
    return inputs, weights
