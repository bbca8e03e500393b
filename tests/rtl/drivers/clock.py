"""One clock cycle of a device under test, driven from here: cheaper than a clock that runs by itself."""

from __future__ import annotations

from cocotb.handle import HierarchyObject
from cocotb.triggers import Timer


async def cycle(dut: HierarchyObject) -> None:
    """Let what was set reach the registers: a rising edge, then a falling one."""
    await Timer(1, "ns")
    dut.clk.value = 1
    await Timer(1, "ns")
    dut.clk.value = 0
