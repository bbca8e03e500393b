"""Every number of the encoder bench through the encoders, against `quant.formats`."""

from __future__ import annotations

from pathlib import Path

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject
from cocotb.triggers import RisingEdge, Timer
from operands import report

from quant import get_format


@cocotb.test
async def every_number(dut: HierarchyObject) -> None:
    """All multiples of a quarter of a format's step, to a quarter of the largest code beyond the ends."""
    compared = 0
    for signed, name in ((False, "unsigned"), (True, "signed")):
        dut.start.value = 0
        dut.is_signed.value = signed
        await Timer(1, "ns")
        dut.start.value = 1
        await RisingEdge(dut.done)
        for bits in range(2, 9):
            lines = Path(f"{name}{bits}.hex").read_text(encoding="ascii").splitlines()
            codes = np.array([int(line, 16) for line in lines if not line.startswith("//")], np.uint8)
            assert codes.size == 2.5 * 2 ** (bits - 1) * 2 ** (bits + 1)
            numbers = (np.arange(codes.size) - codes.size // 2) / 2.0 ** (bits + 1)
            expected = get_format(f"dybit{bits}", signed=signed).encode(numbers)
            np.testing.assert_array_equal(codes, expected, f"dybit{bits}, {name}")
            compared += codes.size
    report("numbers through encoders", compared)
