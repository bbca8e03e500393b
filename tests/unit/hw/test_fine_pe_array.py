"""Fold by fold the array takes what the closed form says, when nothing slows a fold down."""

from __future__ import annotations

import pytest

from accelsim.analytic.compute import array_cycles, array_shape, folds_of
from accelsim.config.hardware import ArrayConfig, Dataflow
from accelsim.config.presets import load_hardware
from accelsim.simulation import run_network
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import uniform_precision

NET = """\
name: net
input: {name: x, shape: [40, 10, 7]}
layers:
- {name: a, kind: conv2d, input: x, out_channels: 50, kernel: 3, padding: 1}
"""


@pytest.mark.parametrize("dataflow", ["ws", "os", "is", "dot"])
@pytest.mark.parametrize("tile", [Gemm(3, 70, 37, 21), Gemm(1, 70, 63, 21, 7, (3, 3)), Gemm(40, 70, 9, 1, 7, (3, 3))])
def test_folds_carry_the_operands_of_the_tile(dataflow: Dataflow, tile: Gemm) -> None:
    windows = {"dot": {"pixels": 4, "depthwise_pixels": 2, "packed_channels": 25}} if dataflow == "dot" else {}
    array = ArrayConfig(rows=16, cols=8, dataflow=dataflow, **windows)
    shape = array_shape(array, 4, 8)
    folds, whole = list(folds_of(tile, shape, dataflow)), array_cycles(tile, shape, dataflow, shadow_registers=True)
    assert sum(fold.streamed for fold in folds) == whole.streaming
    assert sum(fold.loaded_inputs + fold.streamed_inputs for fold in folds) == whole.input_codes
    assert sum(fold.loaded_weights + fold.streamed_weights for fold in folds) == whole.weight_codes


@pytest.mark.parametrize("dataflow", ["ws", "os", "is", "dot"])
@pytest.mark.parametrize("shadow", ["true", "false"])
def test_without_waits_both_levels_are_equal(dataflow: str, shadow: str) -> None:
    sets = [f"array.dataflow={dataflow}", f"array.shadow_registers={shadow}", "array.rows=16", "array.cols=8"]
    workload, hardware = parse_workload(NET), load_hardware("scalesim", sets)
    precision = uniform_precision(workload, "int8")
    coarse = run_network(workload, hardware, precision)
    fine = run_network(workload, hardware, precision, detail="fine")
    assert fine.totals.cycles == coarse.totals.cycles


def test_a_slow_decoder_delays_the_folds_that_it_feeds() -> None:
    """One lane, no shadow registers: stationary and moving operands are decoded one after the other."""
    sets = ["array.shadow_registers=false", "decoder.lanes=1", "array.rows=16", "array.cols=8"]
    workload, hardware = parse_workload(NET), load_hardware("scalesim", sets)
    fine = run_network(workload, hardware, uniform_precision(workload, "dybit8"), detail="fine").layers[0]
    folds, skew = -(-360 // 16) * -(-50 // 8), 16 + 8 - 2
    on_the_array = sum(fine.breakdown[cause] for cause in ("computing", "fill_drain", "wait_decoder"))
    assert on_the_array == 360 * 50 + 70 * 360 * -(-50 // 8) + folds * skew
