"""The arithmetic that the PE's area is compared with does what it says."""

from __future__ import annotations

from tests.rtl.conftest import Simulate


def test_fp32(icarus: Simulate) -> None:
    icarus("fp32_mac", "drive_fp32")
