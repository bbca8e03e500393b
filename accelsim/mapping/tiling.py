"""The tile sizes and loop order of one layer that move the fewest bytes to and from DRAM.

The space is small and searched whole: groups, output rows, output channels and input channels per tile, times two loop
orders (docs/timing-model.md, "Mapping"). Partial sums never leave the chip: the input-channel loop is the innermost.
Among tilings of equal traffic the one with the shortest estimated time wins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accelsim.analytic.compute import fold_count, folded_cycles
from accelsim.analytic.traffic import sweeps
from accelsim.errors import MappingError
from accelsim.mapping.layout import CHANNEL_BLOCK, even_steps
from accelsim.mapping.problem import TilingProblem
from accelsim.units import BITS_PER_BYTE, ceil_div
from accelsim.workload.layers import Gemm

LoopOrder = Literal["outputs_outer", "rows_outer"]
Floats = NDArray[np.float64]
Ints = Any  # integer arrays, one element per candidate; NumPy's operators do not type-check against plain `int` helpers

_BUFFER_FIELDS = ("buffers.weight_bytes", "buffers.input_bytes", "buffers.output_bytes")


class Space(NamedTuple):
    """Bytes that a layer's tiles may use of each buffer."""

    weight_bytes: int
    input_bytes: int
    output_bytes: int


class Memory(NamedTuple):
    """The DRAM as the time estimate sees it: peak bytes per core cycle, and cycles before a tile's first byte."""

    bytes_per_cycle: float
    latency_cycles: int


class Cost(NamedTuple):
    """DRAM bytes that a layer moves, and its estimated cycles."""

    traffic_bytes: float
    cycles: float


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a layer is cut: groups, output rows, outputs per group and input channels per group of a tile."""

    groups: int
    rows: int
    outputs: int
    channels: int
    order: LoopOrder


class TilingSearch:
    """Every tiling of one problem with the bytes it needs of each buffer and moves; `space` then picks among them."""

    def __init__(self, problem: TilingProblem, memory: Memory, *, ping_pong: bool) -> None:
        self._problem = problem
        self._memory = memory
        self._tile = _candidates(problem)
        self._counts = _tile_counts(problem, self._tile)
        self._needs = _buffer_needs(problem, self._tile, self._counts, ping_pong)
        self._traffic = _traffic(problem, self._tile, self._counts)

    def cost(self, space: Space) -> Cost:
        """What the best tiling that fits costs; infinite when none fits."""
        best = self._best(space)
        if best is None:
            return Cost(math.inf, math.inf)
        return Cost(float(self._traffic[best]), float(self._estimated_cycles[best]))

    def best(self, space: Space, layer: str) -> Tiling:
        """The best tiling that fits; MappingError naming the buffer, the bytes needed and the bytes there are."""
        best = self._best(space)
        if best is None:
            raise self._does_not_fit(space, layer)
        groups, rows, outputs, channels, rows_outer = (int(column[best]) for column in self._tile)
        return Tiling(groups, rows, outputs, channels, "rows_outer" if rows_outer else "outputs_outer")

    def _best(self, space: Space) -> int | None:
        """Index of the fitting candidate of least traffic, of those the one estimated to be fastest."""
        fits = np.flatnonzero(self._fits(space))
        if not fits.size:
            return None
        traffic = self._traffic[fits]
        ties = fits[traffic <= traffic.min() * (1 + 1e-9)]
        return int(ties[int(np.argmin(self._estimated_cycles[ties]))])

    def _fits(self, space: Space) -> NDArray[np.bool_]:
        fits: NDArray[np.bool_] = np.logical_and.reduce(
            [need <= limit for need, limit in zip(self._needs, space, strict=True)]
        )
        return fits

    @cached_property
    def _estimated_cycles(self) -> Floats:
        return _estimated_cycles(self._problem, self._tile, self._counts, self._traffic, self._memory)

    def _does_not_fit(self, space: Space, layer: str) -> MappingError:
        """Names the buffer that the most frugal tiling exceeds by the largest factor."""
        excess = [need / max(limit, 1) for need, limit in zip(self._needs, space, strict=True)]
        frugal = int(np.argmin(np.maximum.reduce(excess)))
        worst = int(np.argmax([ratio[frugal] for ratio in excess]))
        needed = int(self._needs[worst][frugal])
        return MappingError(
            f"layer {layer}",
            f"no tile fits {_BUFFER_FIELDS[worst]}: the smallest needs {needed} bytes, there are {space[worst]}",
            f"{_BUFFER_FIELDS[worst]} >= {needed}",
        )


class _Tiles(NamedTuple):
    """Candidate tilings, one array element each."""

    groups: Ints
    rows: Ints
    outputs: Ints
    channels: Ints
    rows_outer: Ints


class _Counts(NamedTuple):
    """Tiles along each dimension."""

    groups: Ints
    rows: Ints
    outputs: Ints
    channels: Ints


def _candidates(problem: TilingProblem) -> _Tiles:
    """The cross product of sensible sizes: rows in even parts, channels in whole blocks, outputs in whole folds.

    A tile takes either a part of one group or several whole groups.
    """
    output_unit = max(problem.shape.cols, CHANNEL_BLOCK)
    rows = even_steps(problem.rows)
    outputs, channels = even_steps(problem.outputs, output_unit), even_steps(problem.channels, CHANNEL_BLOCK)
    grids = [([1], rows, outputs, channels, [False, True])]
    if problem.groups > 1:
        unit = ceil_div(CHANNEL_BLOCK, min(problem.channels, problem.outputs, CHANNEL_BLOCK))
        grids.append((even_steps(problem.groups, unit), rows, [problem.outputs], [problem.channels], [False]))
    products = [[axis.ravel() for axis in np.meshgrid(*map(np.array, grid), indexing="ij")] for grid in grids]
    return _Tiles(*(np.concatenate(parts) for parts in zip(*products, strict=True)))


def _tile_counts(problem: TilingProblem, tile: _Tiles) -> _Counts:
    return _Counts(
        ceil_div(problem.groups, tile.groups),
        ceil_div(problem.rows, tile.rows),
        ceil_div(problem.outputs, tile.outputs),
        ceil_div(problem.channels, tile.channels),
    )


def _buffer_needs(
    problem: TilingProblem, tile: _Tiles, counts: _Counts, ping_pong: bool
) -> tuple[Floats, Floats, Floats]:
    """Bytes needed of the weight, input and output buffer; with ping-pong, successive tiles come in pairs."""

    def copies(tiles: Ints) -> Ints:
        return np.where((tiles > 1) & ping_pong, 2, 1)

    weights = np.ceil(_weight_tile_bytes(problem, tile)) + tile.groups * tile.outputs * problem.parameter_bytes
    window = problem.window
    rows_in = np.minimum((tile.rows - 1) * window.stride[0] + window.kernel[0], problem.input_rows)
    input_bits = rows_in * problem.input_row_pixels * tile.groups * tile.channels * problem.input_bits
    raw = tile.groups * tile.rows * problem.row_pixels * tile.outputs
    output_copies = copies(counts.groups * counts.rows * counts.outputs)
    inputs = _bytes(input_bits) * copies(counts.groups * counts.rows * counts.channels)
    return (
        weights * copies(counts.groups * counts.outputs * counts.channels),
        (0 if problem.input_resident else inputs) + _bytes(raw * problem.operand_bits) * output_copies,
        _bytes(raw * problem.accumulator_bits) * output_copies,
    )


def _bytes(bits: Ints) -> Ints:
    return ceil_div(bits, BITS_PER_BYTE)


def _weight_tile_bytes(problem: TilingProblem, tile: _Tiles) -> Ints:
    return tile.groups * tile.outputs * tile.channels * (problem.kernel_area * problem.weight_bits / BITS_PER_BYTE)


def _traffic(problem: TilingProblem, tile: _Tiles, counts: _Counts) -> Floats:
    """DRAM bytes that depend on the tiling: weights with their parameters, and inputs with their halos."""
    weight_sweeps, input_sweeps = sweeps(tile.rows_outer, counts.rows, counts.outputs, counts.channels)
    weight_bits = problem.channels * problem.kernel_area * problem.weight_bits
    output_bytes = weight_bits / BITS_PER_BYTE + problem.parameter_bytes
    moved: Floats = problem.groups * problem.outputs * output_bytes * weight_sweeps
    if not problem.input_resident:
        row_bytes = problem.groups * problem.channels * problem.input_row_pixels * problem.input_bits / BITS_PER_BYTE
        steps = np.unique(tile.rows)
        rows_read = np.array([rows_of_sweep(problem, int(step)) for step in steps])
        moved = moved + rows_read[np.searchsorted(steps, tile.rows)] * row_bytes * input_sweeps
    return moved


def rows_of_sweep(problem: TilingProblem, step: int) -> int:
    """Input rows that one sweep over row tiles of `step` rows reads, halos counted in every tile."""
    starts = range(0, problem.rows, step)
    spans = [problem.input_rows_of(start, min(start + step, problem.rows)) for start in starts]
    return sum(end - start for start, end in spans)


def _estimated_cycles(problem: TilingProblem, tile: _Tiles, counts: _Counts, traffic: Floats, memory: Memory) -> Floats:
    """Time of a layer if compute and transfers overlap but for the first tile in and the last one out."""
    pixels = tile.rows * problem.row_pixels
    gemm = Gemm(tile.groups, pixels, tile.channels * problem.kernel_area, tile.outputs)
    folds, streamed = fold_count(gemm, problem.shape, problem.dataflow)
    shadow = problem.shadow_registers
    per_tile = folded_cycles(folds, streamed, problem.shape, problem.dataflow, shadow_registers=shadow)
    compute = per_tile * counts.groups * counts.rows * counts.outputs * counts.channels
    weight_sweeps, input_sweeps = sweeps(tile.rows_outer, counts.rows, counts.outputs, counts.channels)
    loads = counts.groups * counts.outputs * counts.channels * weight_sweeps
    first = _weight_tile_bytes(problem, tile)
    if not problem.input_resident:
        stride = problem.window.stride[0] * problem.window.stride[1]
        first = first + tile.groups * tile.channels * pixels * (stride * problem.input_bits / BITS_PER_BYTE)
        loads = loads + counts.groups * counts.rows * counts.channels * input_sweeps
    transfer = traffic / memory.bytes_per_cycle + loads * memory.latency_cycles
    last = tile.groups * pixels * tile.outputs / problem.lanes
    result: Floats = np.maximum(compute, transfer) + first / memory.bytes_per_cycle + last
    return result
