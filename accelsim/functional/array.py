"""The products of one tile: operands out of the buffers' bytes, sums as the array accumulates them."""

from __future__ import annotations

from typing import Any

import numpy as np

from accelsim.errors import SimulationError
from accelsim.functional.bytes_at import Source
from accelsim.functional.tile_codes import Codes, read_codes, read_flat, unpack_rows
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.problem import is_flattened
from accelsim.mapping.ranges import Range, in_all_groups, window_spans
from accelsim.mapping.schedule import TileRanges
from accelsim.mapping.weight_layout import WeightTile
from accelsim.units import BITS_PER_BYTE
from accelsim.workload.layers import Layer, Window
from quant.reference.sums import Integers, Sums, product

_POINTWISE = Window((1, 1), (1, 1), (0, 0))


def weight_codes(layer: Layer, tile: WeightTile, bits: int, source: Source) -> Codes:
    """The codes of a tile of trained weights: (kernel height, kernel width, 1, groups, outputs, channels)."""
    kernel = layer.window.kernel if layer.window else (1, 1)
    count = (tile.end_bit - tile.first_bit) // bits
    offset = tile.first_bit % BITS_PER_BYTE
    raw = source.at(tile.address, tile.code_bytes)
    if offset:
        raw = np.concatenate([source.at(tile.shared_address, 1), raw])
    codes = unpack_rows(np.ascontiguousarray(raw.T), bits, offset, count)
    by_output = codes.reshape(1, tile.groups[1] - tile.groups[0], tile.outputs[1] - tile.outputs[0], -1, *kernel)
    return np.moveaxis(by_output, (4, 5), (0, 1))


def stationary_codes(layer: Layer, layout: TensorLayout, ranges: TileRanges, source: Source) -> Codes:
    """The codes of a matmul's second tensor: (1, 1, images, groups, outputs, channels)."""
    groups, _, outputs, channels = ranges
    across, rows = (channels, outputs) if layer.transposed else (outputs, channels)
    codes = read_codes(layout, in_all_groups(groups, across, layout.shape[0] // layer.groups), rows, source)
    by_group = codes.reshape(codes.shape[0], groups[1] - groups[0], -1, rows[1] - rows[0])
    return (by_group.swapaxes(2, 3) if layer.transposed else by_group)[None, None]


def input_codes(layer: Layer, layout: TensorLayout, ranges: TileRanges, zero: int, source: Source) -> Codes:
    """The codes under a tile's windows, padding as the code of zero: (images, groups, channels, rows, columns)."""
    groups, rows, _, channels = ranges
    if is_flattened(layer):
        return read_flat(layout, channels, source)[:, None, :, None, None]
    assert layer.gemm is not None
    window = layer.window or _POINTWISE
    area = window.kernel[0] * window.kernel[1]
    wanted = in_all_groups(groups, channels, layer.gemm.reduction // area)
    first, last = _rows_under(window, rows)
    left = window.padding[1]
    shape = (wanted[1] - wanted[0], last - first, layout.shape[2] + 2 * left)
    padded: Codes | None = None
    for start, end in window_spans(window, layer.input_shape[1], rows):
        if start >= end:
            continue
        found = read_codes(layout, wanted, (start, end), source)
        if padded is None:
            padded = np.full((found.shape[0], *shape), zero, found.dtype)
        padded[:, :, start - first : end - first, left : left + layout.shape[2]] = found
    assert padded is not None
    return padded.reshape(padded.shape[0], groups[1] - groups[0], -1, *shape[1:])


def tile_sums(layer: Layer, weights: Integers, inputs: Integers) -> Sums:
    """Sums of products of one tile, shape (images, channels of all groups, rows, columns)."""
    window = layer.window or _POINTWISE
    down, right = window.stride
    height = (inputs.shape[3] - window.kernel[0]) // down + 1
    width = (inputs.shape[4] - window.kernel[1]) // right + 1
    total: Any = 0  # then an array of sums
    for row in range(window.kernel[0]):
        rows = slice(row, row + (height - 1) * down + 1, down)
        for column in range(window.kernel[1]):
            columns = slice(column, column + (width - 1) * right + 1, right)
            under = inputs[..., rows, columns]
            total = total + product(weights[row, column], under.reshape(*under.shape[:3], -1))
    sums: Sums = total.reshape(total.shape[0], -1, height, width)
    return sums


def checked_magnitude(layer: Layer, ranges: TileRanges, sums: Sums, bits: int) -> int:
    """The largest magnitude of partial sums; SimulationError naming layer, tile and value where it does not fit."""
    limit = 2 ** (bits - 1)
    lowest, highest = int(sums.min()), int(sums.max())
    if not -limit <= lowest <= highest < limit:
        value = lowest if -lowest > highest else highest
        raise SimulationError(
            f"layer {layer.name}, tile of {_tile_text(ranges)}: the partial sum {value} does not fit an "
            f"accumulator of {bits} bits; array.accumulator_bits >= {value.bit_length() + 1} would do"
        )
    return max(-lowest, highest)


def _rows_under(window: Window, rows: Range) -> Range:
    """Rows of the padded input, counted from the input's first row, that output rows read."""
    first = rows[0] * window.stride[0] - window.padding[0]
    return first, (rows[1] - 1) * window.stride[0] - window.padding[0] + window.kernel[0]


def _tile_text(ranges: TileRanges) -> str:
    return ", ".join(f"{name} {first}-{last - 1}" for name, (first, last) in ranges._asdict().items())
