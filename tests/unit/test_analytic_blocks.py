"""Decoder, vector unit, sweeps, roofline, shape of the iso-area array: the examples of docs/timing-model.md."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest

from accelsim.analytic.area import block_gates, iso_area_fp32_array
from accelsim.analytic.compute import array_shape
from accelsim.analytic.decode import decode_cycles
from accelsim.analytic.roofline import compute_bound_cycles, roofline_cycles
from accelsim.analytic.traffic import sweeps
from accelsim.analytic.vector import vector_cycles
from accelsim.config.hardware import ArrayConfig, VectorConfig
from accelsim.config.presets import load_hardware
from accelsim.workload.layers import Gemm


@pytest.mark.parametrize(
    ("codes", "codes_per_word", "cycles"), [(4096, 2, 2 + 64), (4096, 1, 2 + 128), (4097, 4, 2 + 33), (1, 4, 2 + 1)]
)
def test_decoder_of_32_lanes(codes: int, codes_per_word: int, cycles: int) -> None:
    assert decode_cycles(codes, codes_per_word, lanes=32, latency_cycles=2) == cycles


def test_vector_unit_of_64_lanes() -> None:
    vector = VectorConfig(lanes=64, latency_cycles=16)
    assert vector_cycles(3136 * 64, 1, vector) == 16 + 3136
    assert vector_cycles(3136 * 64, 3, vector) == 16 + 3 * 3136
    assert vector_cycles(65, 1, vector) == 16 + 2


@pytest.mark.parametrize("rows_outer", [False, True])
def test_sweeps_count_how_often_a_tile_index_changes(rows_outer: bool) -> None:
    """Against the loops themselves: a tensor is fetched as many times as its tile changes, over its tiles."""
    for rows, outputs, channels in product((1, 2, 3), repeat=3):
        pairs = [(r, o) for r in range(rows) for o in range(outputs)]
        if not rows_outer:
            pairs.sort(key=lambda pair: pair[1])
        steps = [(row, output, channel) for row, output in pairs for channel in range(channels)]
        weight_loads = 1 + sum(a[1:] != b[1:] for a, b in pairwise(steps))
        input_loads = 1 + sum((a[0], a[2]) != (b[0], b[2]) for a, b in pairwise(steps))
        found = tuple(map(int, sweeps(rows_outer, rows, outputs, channels)))
        assert found == (weight_loads / (outputs * channels), input_loads / (rows * channels))


def test_sweeps_of_many_tilings_at_once() -> None:
    """Two row tiles and three output tiles, unsplit channels, in both orders."""
    weights, inputs = sweeps(np.array([False, True]), np.array([2, 2]), np.array([3, 3]), np.array([1, 1]))
    assert (list(weights), list(inputs)) == ([1, 2], [3, 1])


def test_the_roofline_is_the_later_of_array_and_dram() -> None:
    """w4a4 on 32 x 32 PEs: 4096 products a cycle."""
    shape = array_shape(ArrayConfig(rows=32, cols=32), 4, 4)
    gemm = Gemm(groups=1, pixels=64, reduction=64, outputs=65)
    assert compute_bound_cycles(gemm, shape) == 65
    assert roofline_cycles(65, 1000, 16.0) == 65
    assert roofline_cycles(65, 1640, 16.0) == 102.5
    assert roofline_cycles(65, 10**9, math.inf) == 65


def test_iso_area_keeps_the_aspect_ratio_and_counts_configured_lanes() -> None:
    """16 x 64 PEs and 2 * 8 lanes, in FP32 PEs; a quarter of their number is the square of the rows."""
    wide = load_hardware("zcu102", ["array.rows=16", "array.cols=64", "decoder.lanes=8"])
    elements = (1024 * block_gates("pe_8_2") + 16 * block_gates("decoder_lane")) // block_gates("fp32_pe")
    array = iso_area_fp32_array(wide)
    rows = math.isqrt(elements * 16 // 64)
    assert (array.rows, array.cols) == (rows, elements // rows)
