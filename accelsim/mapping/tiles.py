"""How a layer can be cut into tiles, and what a way of cutting it costs (docs/timing-model.md, "Mapping").

All functions take one tiling, or a `Tiling` of integer arrays with one element per candidate.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from accelsim.analytic.compute import fold_count, folded_cycles
from accelsim.analytic.traffic import sweeps
from accelsim.config.hardware import Overlap
from accelsim.mapping.layout import CHANNEL_BLOCK
from accelsim.mapping.problem import TilingProblem, per_pair, per_step
from accelsim.mapping.ranges import even_steps, rows_under
from accelsim.units import bits_to_bytes, ceil_div


class Tiling(NamedTuple):
    """How a layer is cut: groups, output rows, outputs per group and input channels per group of a tile.

    The loops run, from the outside, over groups, then rows and outputs in the order that `rows_outer` says, then input
    channels, so that partial sums never leave the chip.
    """

    groups: int
    rows: int
    outputs: int
    channels: int
    rows_outer: bool

    @property
    def order(self) -> Literal["rows_outer", "outputs_outer"]:
        """The loop order by name."""
        return "rows_outer" if self.rows_outer else "outputs_outer"


class TileCounts(NamedTuple):
    """Tiles along each dimension."""

    groups: int
    rows: int
    outputs: int
    channels: int


class TileBytes(NamedTuple):
    """Most bytes that one tile takes of the weight buffer, of the input buffer (for its input and for its residual
    operands) and of the output buffer (for partial sums, then the result).
    """

    weights: int
    inputs: int
    operands: int
    results: int


class Memory(NamedTuple):
    """The DRAM as the time estimate sees it: peak bytes per core cycle, cycles before a tile's first byte, and what
    goes on beside the array and the vector unit.
    """

    bytes_per_cycle: float
    latency_cycles: int
    overlap: Overlap = "all"


#: Parts of a block that outputs and channels are cut into where no tile of whole blocks fits.
_PARTS_OF_A_BLOCK = (1, 2, 4, 8, 16)


def candidates(problem: TilingProblem, *, parts_of_blocks: bool = False) -> Tiling:
    """The cross product of sensible sizes, as arrays: rows in even parts, channels in whole blocks, outputs in whole
    folds or in whole blocks of one fold. A tile takes either a part of one group or several whole groups.

    With `parts_of_blocks` channels and outputs may also be a few of a block: small buffers, a slow layer.
    """
    cols = problem.shape.cols if problem.array.dataflow != "is" else CHANNEL_BLOCK
    fold = cols if cols % CHANNEL_BLOCK == 0 else CHANNEL_BLOCK
    outputs = {*even_steps(min(fold, problem.outputs), CHANNEL_BLOCK), *even_steps(problem.outputs, fold)}
    rows, channels = even_steps(problem.rows), {*even_steps(problem.channels, CHANNEL_BLOCK)}
    if parts_of_blocks:
        outputs |= {part for part in _PARTS_OF_A_BLOCK if part < problem.outputs}
        channels |= {part for part in _PARTS_OF_A_BLOCK if part < problem.channels}
    grids: list[Any] = [([1], rows, sorted(outputs), sorted(channels), [False, True])]
    if problem.groups > 1:
        unit = ceil_div(CHANNEL_BLOCK, min(problem.channels, problem.outputs, CHANNEL_BLOCK))
        grids.append((even_steps(problem.groups, unit), rows, [problem.outputs], [problem.channels], [False]))
    products = [[axis.ravel() for axis in np.meshgrid(*grid, indexing="ij")] for grid in grids]
    columns: Any = [np.concatenate(parts) for parts in zip(*products, strict=True)]
    return Tiling(*columns)


def tile_counts(problem: TilingProblem, tile: Tiling) -> TileCounts:
    """Tiles along each dimension."""
    return TileCounts(
        ceil_div(problem.groups, tile.groups),
        ceil_div(problem.rows, tile.rows),
        ceil_div(problem.outputs, tile.outputs),
        ceil_div(problem.channels, tile.channels),
    )


def tile_bytes(problem: TilingProblem, tile: Tiling) -> TileBytes:
    """Most bytes of any tile; a resident input takes none."""
    if problem.stationary is None:
        depth = tile.channels * problem.kernel_area
        weights = bits_to_bytes(tile.groups * tile.outputs * depth * problem.weight_bits)
        results = tile.groups * tile.outputs
        weights += results * problem.parameter_bytes
        weights += ceil_div(problem.scale_bytes * results, problem.whole.channels)
    else:
        rows, across = (tile.outputs, tile.channels) if problem.transposed else (tile.channels, tile.outputs)
        weights = rows * problem.stationary.most_row_bytes(tile.groups * across)
    input_rows = np.minimum(rows_under(problem.window, tile.rows), problem.input_rows)
    inputs = 0 if problem.input_resident else input_rows * problem.most_input_row_bytes(tile.groups, tile.channels)
    channels = tile.groups * tile.outputs
    sums = bits_to_bytes(channels * tile.rows * problem.row_pixels * problem.array.accumulator_bits)
    return TileBytes(
        weights,
        inputs,
        sum(operand.most_tile_bytes(tile.rows, channels) for operand in problem.operands),
        np.maximum(sums, problem.output.most_tile_bytes(tile.rows, channels)),
    )


def buffer_needs(problem: TilingProblem, tile: Tiling, *, ping_pong: bool) -> tuple[int, int, int]:
    """Bytes needed of the weight, input and output buffer; with ping-pong, tiles that have a successor count twice."""
    counts, size = tile_counts(problem, tile), tile_bytes(problem, tile)

    def copies(tiles: int) -> Any:
        return np.where(tiles > 1, 2, 1) if ping_pong else 1

    output_copies = copies(counts.groups * counts.rows * counts.outputs)
    return (
        size.weights * copies(counts.groups * counts.outputs * counts.channels),
        size.inputs * copies(counts.groups * counts.rows * counts.channels) + size.operands * output_copies,
        size.results * output_copies,
    )


def moved_bytes(problem: TilingProblem, tile: Tiling) -> tuple[int, int, int]:
    """DRAM bytes of weights, of their parameters and scales, of inputs with halos: sweeps times what a sweep moves."""
    counts = tile_counts(problem, tile)
    weight_sweeps, input_sweeps = sweeps(tile.rows_outer, counts.rows, counts.outputs, counts.channels)
    parameters = problem.share.channels * problem.parameter_bytes + problem.share_scale_bytes
    inputs = 0
    if not problem.input_resident:
        row_bytes = problem.input.row_bytes
        in_parts = np.any((tile.channels % CHANNEL_BLOCK != 0) & (tile.channels < problem.channels))
        if in_parts or problem.flattened or max(problem.whole.groups[1], len(problem.input.part_channels)) > 1:
            row_bytes = per_pair(problem.swept_row_bytes, tile.groups, tile.channels)
        inputs = per_step(problem.swept_rows, tile.rows) * row_bytes * input_sweeps
    return problem.stationary_bytes * weight_sweeps, parameters * weight_sweeps, inputs


def estimated_cycles(problem: TilingProblem, tile: Tiling, traffic_bytes: int, memory: Memory) -> float:
    """Time of a layer if compute and transfers overlap but for the first tile in and the last one out.

    Their sum where blocks take turns, also where the weight engine does not.
    `traffic_bytes` is the sum of `moved_bytes`.
    """
    counts, size = tile_counts(problem, tile), tile_bytes(problem, tile)
    gemm = problem.tile_gemm(tile.groups, tile.rows, tile.outputs, tile.channels)
    array, shape = problem.array, problem.shape
    folds, streamed = fold_count(gemm, shape, array.dataflow)
    per_tile = folded_cycles(folds, streamed, shape, array.dataflow, shadow_registers=array.shadow_registers)
    compute = per_tile * counts.groups * counts.rows * counts.outputs * counts.channels
    weight_sweeps, input_sweeps = sweeps(tile.rows_outer, counts.rows, counts.outputs, counts.channels)
    loads = counts.groups * counts.outputs * counts.channels * weight_sweeps
    if not problem.input_resident:
        loads = loads + counts.groups * counts.rows * counts.channels * input_sweeps
    transfer = traffic_bytes / memory.bytes_per_cycle + loads * memory.latency_cycles
    last = gemm.groups * gemm.pixels * gemm.outputs / problem.lanes
    cycles: float
    if memory.overlap == "all":
        first = (size.weights + size.inputs) / memory.bytes_per_cycle
        cycles = np.maximum(compute, transfer) + first + last
    else:
        cycles = compute + transfer + last * counts.groups * counts.rows * counts.outputs
    return cycles
