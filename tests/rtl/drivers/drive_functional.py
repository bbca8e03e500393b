"""Tiles of functional runs (tiles.npz, of functional_tiles.py) through decoders and array: the same partial sums."""

from __future__ import annotations

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject
from drive_array import Tile, run, settle
from operands import Operand, report


@cocotb.test
async def tiles_of_functional_runs(dut: HierarchyObject) -> None:
    """A code narrower than its slot counts in the slot's unit: 2^(slot bits - bits) of the functional run's."""
    rows, cols = int(dut.ROWS.value), int(dut.COLS.value)
    await settle(dut, rows, cols)
    compared = 0
    with np.load("tiles.npz") as tiles:
        for number in range(len(tiles.files) // 4):
            weights, inputs, sums, formats = (
                tiles[f"{number}.{name}"].astype(np.int64) for name in ("weights", "inputs", "sums", "formats")
            )
            weight, moving = Operand(int(formats[0]), bool(formats[1])), Operand(int(formats[2]), bool(formats[3]))
            found, _ = await run(dut, Tile(weight, moving, weights, inputs, rows, cols))
            units = 2 ** (weight.slot_bits - weight.bits + moving.slot_bits - moving.bits)
            np.testing.assert_array_equal(found, sums * units, f"tile {number}, {weight}, {moving}")
            compared += found.size
    report("partial sums of functional runs", compared)
