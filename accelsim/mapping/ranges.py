"""Ranges of rows and channels: how a dimension is cut into tiles, and which rows lie under a sliding window."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from accelsim.units import ceil_div
from accelsim.workload.layers import Window

#: From the first index up to, and without, the last.
Range = tuple[int, int]


def extent(found: Range) -> int:
    """How many indices a range has."""
    return found[1] - found[0]


def split(total: int, step: int) -> list[Range]:
    """[0, total) cut into ranges of `step`, the last one shorter."""
    return cut((0, total), step)


def cut(whole: Range, step: int) -> list[Range]:
    """A range cut into ranges of `step`, the last one shorter."""
    return [(start, min(start + step, whole[1])) for start in range(*whole, step)]


def even_parts(total: int, most: int, unit: int = 1) -> list[Range]:
    """[0, total) in at most so many parts that differ by one `unit` at most, of which the last one may lack some."""
    units = ceil_div(total, unit)
    parts = min(most, units)
    edges = [min(units * part // parts * unit, total) for part in range(parts + 1)]
    return list(pairwise(edges))


def in_all_groups(groups: Range, channels: Range, group_channels: int) -> Range:
    """Channels of a tensor that a tile holds: part of one group, or all of several."""
    return groups[0] * group_channels + channels[0], (groups[1] - 1) * group_channels + channels[1]


def even_steps(total: int, unit: int = 1) -> list[int]:
    """Step sizes worth trying: for each number of parts the smallest multiple of `unit` that needs no more parts."""
    units = ceil_div(total, unit)
    root = math.isqrt(units)
    counts = {*range(1, root + 1), *(ceil_div(units, parts) for parts in range(1, root + 2))}
    return sorted({min(count * unit, total) for count in counts})


def window_spans(window: Window, input_rows: int, rows: Range) -> tuple[Range, ...]:
    """Rows of a tensor of `input_rows` rows that output rows `rows` read, padding clipped away.

    Overlapping or touching windows make one span (the tile's rows with their halo); where the stride leaps over rows,
    every output row has a span of its own and what lies between is not fetched.
    """
    stride, padding, kernel = window.stride[0], window.padding[0], window.kernel[0]
    parts = [rows] if stride <= kernel else [(row, row + 1) for row in range(*rows)]
    return tuple(
        (max(0, start * stride - padding), min(input_rows, (end - 1) * stride - padding + kernel))
        for start, end in parts
    )


def swept_rows(window: Window, input_rows: int, rows: Range, step: int) -> int:
    """Rows in all the `window_spans` of a range of output rows in tiles of `step`: what one sweep over them reads."""
    stride, padding, kernel = window.stride[0], window.padding[0], window.kernel[0]
    if stride > kernel:
        step = 1
    starts = np.arange(*rows, step)
    ends = np.minimum(starts + step, rows[1])
    first = np.maximum(0, starts * stride - padding)
    last = np.minimum(input_rows, (ends - 1) * stride - padding + kernel)
    return int((last - first).sum())


def rows_under(window: Window, rows: int) -> int:
    """Input rows that `rows` neighbouring output rows read where no padding is clipped. Works on arrays as well."""
    return (rows - 1) * min(window.stride[0], window.kernel[0]) + window.kernel[0]


def rows_pooled(raw_rows: int, height: int, windows: Iterable[Window]) -> int:
    """How many rows behind these pooling windows are complete once the first `raw_rows` of `height` rows are.

    A window needs its last row, clipped at the tensor's edge; the rows it shares with the next window wait in the
    vector unit's line buffer. Global pooling, a window as large as the tensor, gives its one row at the very end.
    """
    for window in windows:
        kernel, stride, padding = window.kernel[0], window.stride[0], window.padding[0]
        pooled_height = (height + 2 * padding - kernel) // stride + 1
        raw_rows = pooled_height if raw_rows == height else max(0, (raw_rows + padding - kernel) // stride + 1)
        height = pooled_height
    return raw_rows
