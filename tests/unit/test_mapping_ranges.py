"""Tiles of a dimension, rows under windows, rows behind pools: against the definitions, spelled out row by row."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from accelsim.mapping.ranges import even_steps, rows_pooled, rows_under, split, window_spans
from accelsim.units import ceil_div
from accelsim.workload.layers import Window


def window(kernel: int, stride: int, padding: int) -> Window:
    return Window((kernel, 1), (stride, 1), (padding, 0))


WINDOWS = [window(k, s, p) for k, s in product((1, 2, 3, 5), (1, 2, 3)) for p in range(k)]


def test_split_leaves_the_rest_to_the_last_range() -> None:
    assert split(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert split(4, 4) == [(0, 4)]


@pytest.mark.parametrize(("total", "unit"), [(56, 1), (197, 1), (1, 1), (2048, 64), (100, 32), (31, 32)])
def test_even_steps_are_the_smallest_for_each_number_of_parts(total: int, unit: int) -> None:
    units = ceil_div(total, unit)
    assert even_steps(total, unit) == sorted({min(ceil_div(units, n) * unit, total) for n in range(1, units + 1)})


def test_a_3x3_convolution_reads_its_halo() -> None:
    assert window_spans(window(3, 1, 1), 56, (0, 28)) == ((0, 29),)
    assert window_spans(window(3, 1, 1), 56, (28, 56)) == ((27, 56),)
    assert window_spans(window(7, 2, 3), 224, (16, 32)) == ((29, 66),)  # 16 * 2 - 3, 31 * 2 - 3 + 7


def test_a_stride_wider_than_the_kernel_leaps_over_rows() -> None:
    assert window_spans(window(1, 2, 0), 56, (3, 6)) == ((6, 7), (8, 9), (10, 11))
    assert window_spans(window(2, 3, 1), 20, (0, 2)) == ((0, 1), (2, 4))


@pytest.mark.parametrize("window", WINDOWS)
def test_spans_are_the_rows_under_the_windows(window: Window) -> None:
    (kernel, _), (stride, _), (padding, _) = window.kernel, window.stride, window.padding
    height = 12
    for start, end in product(range(4), range(1, 5)):
        if not start < end <= window.output_size(height, 1)[0]:
            continue
        read = {r * stride - padding + k for r in range(start, end) for k in range(kernel)} & set(range(height))
        spans = window_spans(window, height, (start, end))
        assert {row for span in spans for row in range(*span)} == read
        assert len(read) <= rows_under(window, end - start)


def test_rows_under_works_on_arrays() -> None:
    assert list(rows_under(window(3, 2, 1), np.array([1, 2, 10]))) == [3, 5, 21]  # type: ignore[call-overload]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_pooled_row_is_complete_with_the_last_row_of_its_window(window: Window) -> None:
    height = 9
    pooled = window.output_size(height, 1)[0]
    ends = [min(row * window.stride[0] - window.padding[0] + window.kernel[0], height) for row in range(pooled)]
    for rows in range(height + 1):
        assert rows_pooled(rows, height, [window]) == sum(end <= rows for end in ends)


def test_pools_in_a_chain() -> None:
    """112 rows; 3x3 stride 2 padding 1: row r needs 2r + 2 rows; then global: all 56."""
    halved, whole = window(3, 2, 1), window(56, 56, 0)
    assert [rows_pooled(rows, 112, [halved]) for rows in (0, 1, 2, 16, 111, 112)] == [0, 0, 1, 8, 55, 56]
    assert [rows_pooled(rows, 112, [halved, whole]) for rows in (111, 112)] == [0, 1]
    assert rows_pooled(5, 112, []) == 5
