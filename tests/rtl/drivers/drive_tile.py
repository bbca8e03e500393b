"""The one tile of docs/rtl.md, "One tile, cycle by cycle": two folds of 4 x 3 weights of 8 bits, six pixels.

The codes are from below 1, where they are short to write as integers.
"""

from __future__ import annotations

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject
from drive_array import Tile, run, settle
from operands import Operand

PIXELS, REDUCTION, OUTPUTS, ROWS, COLS = 6, 8, 3, 4, 3


@cocotb.test
async def one_tile(dut: HierarchyObject) -> None:
    draw = np.random.default_rng(0)
    weight, inputs = Operand(8, True), Operand(8, False)
    weight_codes = draw.integers(1, 10, (REDUCTION, OUTPUTS)) + 128 * draw.integers(0, 2, (REDUCTION, OUTPUTS))
    input_codes = draw.integers(1, 100, (PIXELS, REDUCTION))
    tile = Tile(weight, inputs, weight_codes, input_codes, ROWS, COLS)
    await settle(dut, ROWS, COLS)
    results, _ = await run(dut, tile)
    np.testing.assert_array_equal(results, inputs.integers(input_codes) @ weight.integers(weight_codes))
