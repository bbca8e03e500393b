"""The iso-area array, by hand: docs/timing-model.md, "Baselines"."""

from __future__ import annotations

import pytest

from accelsim.analytic.area import FP32_PE_UM2, iso_area_fp32_array, pe_area_um2
from accelsim.config.hardware import ArrayConfig
from accelsim.config.presets import load_hardware


def test_the_page() -> None:
    """1024 fusable PEs and 64 decoder lanes hold (1024 * 1733.13 + 64 * 250) / 8720 = 205 FP32 PEs: 14 x 14."""
    array = iso_area_fp32_array(load_hardware("zcu102"))
    assert (array.rows, array.cols) == (14, 14)


def test_counted_lanes_are_those_of_both_decoders() -> None:
    """One PE of 1733.13 um^2 and two units of 28 lanes, 14 000 um^2: 15 733 / 8720 = 1 PE; 63 lanes: 33 233, 3 PEs."""

    def elements(lanes: int) -> int:
        machine = load_hardware("zcu102", ["array.rows=1", "array.cols=1", f"decoder.lanes={lanes}"])
        array = iso_area_fp32_array(machine)
        return array.rows * array.cols

    assert (elements(28), elements(63)) == (1, 3)


@pytest.mark.parametrize(
    ("operand_bits", "area_um2"),
    [
        ((8,), 687.6072),
        ((2, 4, 8), 1733.13),
        ((4, 8), 1733.13),
        ((2, 4), 431.4744),
        ((16,), 2203.236),
        ((32,), FP32_PE_UM2),
    ],
)
def test_widths_take_the_next_capable_element(operand_bits: tuple[int, ...], area_um2: float) -> None:
    assert pe_area_um2(ArrayConfig(rows=1, cols=1, operand_bits=operand_bits)) == area_um2
