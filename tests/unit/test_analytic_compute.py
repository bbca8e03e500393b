"""Array cycles: the worked examples of docs/timing-model.md, "PE array", each with its arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from accelsim.analytic.compute import ArrayShape, array_cycles, array_shape, fold_count, folded_cycles, fusion_factor
from accelsim.config.hardware import ArrayConfig, Dataflow
from accelsim.workload.layers import Gemm

#: A 3x3 convolution, 64 to 64 channels, 56 x 56 pixels.
CONVOLUTION = Gemm(groups=1, pixels=56 * 56, reduction=9 * 64, outputs=64)


def cycles(
    gemm: Gemm, dataflow: Dataflow = "ws", *, shadow: bool, weight_bits: int = 8, input_bits: int = 8
) -> tuple[int, int]:
    """(total, streaming) cycles on 32 x 32 fusable PEs."""
    shape = array_shape(ArrayConfig(rows=32, cols=32, dataflow=dataflow), weight_bits, input_bits)
    found = array_cycles(gemm, shape, dataflow, shadow_registers=shadow)
    assert found.total == found.streaming + found.fill_drain
    return found.total, found.streaming


@pytest.mark.parametrize(
    ("dataflow", "folds", "streamed", "load"),
    [("ws", 18 * 2, 3136, 32), ("os", 98 * 2, 576, 0), ("is", 18 * 98, 64, 32)],
)
def test_8_bit_convolution(dataflow: Dataflow, folds: int, streamed: int, load: int) -> None:
    exposed = folds * (load + streamed + 32 + 32 - 2)
    assert exposed == {"ws": 116_280, "os": 125_048, "is": 278_712}[dataflow]
    assert cycles(CONVOLUTION, dataflow, shadow=False) == (exposed, folds * streamed)
    hidden = load + (folds - 1) * streamed + streamed + 32 + 32 - 2
    assert hidden == {"ws": 112_990, "os": 112_958, "is": 112_990}[dataflow]
    assert cycles(CONVOLUTION, dataflow, shadow=True) == (hidden, folds * streamed)


@pytest.mark.parametrize(
    ("weight_bits", "input_bits", "rows", "cols", "total"),
    [
        (4, 4, 64, 64, 64 + 9 * 3136 + 126),  # 9 * 1 folds
        (2, 2, 128, 128, 128 + 5 * 3136 + 254),  # ceil(576 / 128) = 5
        (3, 5, 32, 64, 32 + 18 * 3136 + 94),  # odd widths run as w4a8
        (2, 8, 32, 128, 32 + 18 * 3136 + 158),
        (32, 32, 32, 32, 32 + 36 * 3136 + 62),  # wider than native: an array built for it
    ],
)
def test_narrow_operands_widen_the_array(weight_bits: int, input_bits: int, rows: int, cols: int, total: int) -> None:
    shape = array_shape(ArrayConfig(rows=32, cols=32), weight_bits, input_bits)
    assert (shape.rows, shape.cols, shape.macs_per_cycle) == (rows, cols, rows * cols)
    assert (shape.input_codes_per_port, shape.weight_codes_per_port) == (rows // 32, cols // 32)
    assert cycles(CONVOLUTION, shadow=True, weight_bits=weight_bits, input_bits=input_bits)[0] == total


def test_the_example_of_the_page_for_w4a4() -> None:
    assert cycles(CONVOLUTION, shadow=True, weight_bits=4, input_bits=4)[0] == 28_414


def test_input_stationary_streams_weights_so_they_widen_the_rows() -> None:
    shape = array_shape(ArrayConfig(rows=32, cols=32, dataflow="is"), 4, 8)
    assert shape == ArrayShape(rows=64, cols=32, input_codes_per_port=1, weight_codes_per_port=2, skew_cycles=94)


def test_fusion_runs_in_the_next_wider_mode_that_the_array_has() -> None:
    assert [fusion_factor((2, 4, 8), bits) for bits in range(2, 10)] == [4, 2, 2, 1, 1, 1, 1, 1]
    assert [fusion_factor((8,), bits) for bits in (2, 8, 32)] == [1, 1, 1]
    assert [fusion_factor((4, 16), bits) for bits in (2, 4, 8, 16)] == [4, 4, 1, 1]


def test_shadow_registers_hide_at_most_the_stream() -> None:
    """4 folds that stream 10 cycles, but take 32 to load: the loads show."""
    short = Gemm(groups=1, pixels=10, reduction=64, outputs=64)
    assert cycles(short, shadow=True) == (32 + 3 * 32 + 10 + 62, 4 * 10)
    assert cycles(short, shadow=False) == (4 * (32 + 10 + 62), 4 * 10)


def test_a_single_fold_costs_the_same_with_and_without_shadow_registers() -> None:
    one = Gemm(groups=1, pixels=100, reduction=7, outputs=3)
    assert cycles(one, shadow=True) == cycles(one, shadow=False) == (32 + 100 + 62, 100)


def test_depthwise_groups_share_a_fold_on_the_diagonal() -> None:
    """3x3, 96 channels of 28 x 28: min(32 // 9, 32 // 1) = 3 groups a fold, 32 folds."""
    depthwise = Gemm(groups=96, pixels=784, reduction=9, outputs=1)
    assert cycles(depthwise, shadow=True) == (32 + 31 * 784 + 784 + 62, 32 * 784) == (25_182, 25_088)


@pytest.mark.parametrize(
    ("gemm", "dataflow", "folds"),
    [
        (Gemm(8, 50, 16, 8), "ws", 4),  # 2 groups across 32 rows, though 4 fit the columns
        (Gemm(5, 50, 16, 16), "ws", 3),  # 2 + 2 + 1
        (Gemm(3, 50, 40, 8), "ws", 3 * 2),  # larger than the array in one dimension: no sharing
        (Gemm(8, 8, 50, 16), "os", 4),  # rows carry pixels
        (Gemm(8, 8, 16, 50), "is", 4),  # columns carry pixels
    ],
)
def test_folds_of_groups(gemm: Gemm, dataflow: Dataflow, folds: int) -> None:
    shape = array_shape(ArrayConfig(rows=32, cols=32, dataflow=dataflow), 8, 8)
    assert fold_count(gemm, shape, dataflow)[0] == folds


def test_operands_are_decoded_each_time_they_enter_the_array() -> None:
    """M K = 3136 * 576 inputs, K N = 576 * 64 weights; 2 column folds, 98 of pixels."""
    inputs, weights = 3136 * 576, 576 * 64
    expected: dict[Dataflow, tuple[int, int]] = {
        "ws": (2 * inputs, weights),
        "os": (2 * inputs, 98 * weights),
        "is": (inputs, 98 * weights),
    }
    for dataflow, codes in expected.items():
        shape = array_shape(ArrayConfig(rows=32, cols=32, dataflow=dataflow), 8, 8)
        found = array_cycles(CONVOLUTION, shape, dataflow, shadow_registers=True)
        assert (found.input_codes, found.weight_codes) == codes


def test_arrays_of_tiles_cost_what_each_costs_alone() -> None:
    shape = array_shape(ArrayConfig(rows=8, cols=4), 8, 8)
    sizes = [(3, 10, 5, 2), (1, 40, 17, 9), (2, 1, 8, 4)]
    columns = [np.array(column) for column in zip(*sizes, strict=True)]
    folds, streamed = fold_count(Gemm(*columns), shape, "ws")
    together = folded_cycles(folds, streamed, shape, "ws", shadow_registers=True)
    alone = [array_cycles(Gemm(*size), shape, "ws", shadow_registers=True).total for size in sizes]
    assert list(np.asarray(together)) == alone
