"""The iso-area array, by hand: docs/timing-model.md, "Baselines"."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accelsim.analytic.area import block_gates, iso_area_fp32_array, pe_gates
from accelsim.config.hardware import ArrayConfig
from accelsim.config.presets import load_hardware

ROOT = Path(__file__).parents[2]


def test_the_page() -> None:
    """1024 fusable PEs and 64 decoder lanes hold (1024 * 7641 + 64 * 605) / 6355 = 1237 FP32 PEs: 35 x 35."""
    assert [block_gates(name) for name in ("pe_8_2", "pe_8_4", "int8_pe", "fp32_pe", "decoder_lane")] == [
        7641, 4380, 1008, 6355, 605,
    ]  # fmt: skip
    assert (1024 * 7641 + 64 * 605) // 6355 == 1237
    array = iso_area_fp32_array(load_hardware("zcu102"))
    assert (array.rows, array.cols) == (35, 35)


def test_counted_lanes_are_those_of_both_decoders() -> None:
    """One PE, and as many lanes beside it as make three FP32 PEs of the two units; one lane less makes two."""
    pe, fp32, lane = block_gates("pe_8_2"), block_gates("fp32_pe"), block_gates("decoder_lane")

    def elements(lanes: int) -> int:
        machine = load_hardware("zcu102", ["array.rows=1", "array.cols=1", f"decoder.lanes={lanes}"])
        array = iso_area_fp32_array(machine)
        return array.rows * array.cols

    enough = -((pe - 3 * fp32) // (2 * lane))
    assert (elements(enough - 1), elements(enough)) == (2, 3)


@pytest.mark.parametrize(
    ("operand_bits", "block"),
    [
        ((8,), "int8_pe"),
        ((2, 4, 8), "pe_8_2"),
        ((4, 8), "pe_8_4"),
        ((2, 4), "pe_8_2"),
        ((16,), "int16_pe"),
        ((32,), "fp32_pe"),
    ],
)
def test_widths_take_the_next_capable_element(operand_bits: tuple[int, ...], block: str) -> None:
    assert pe_gates(ArrayConfig(rows=1, cols=1, operand_bits=operand_bits)) == block_gates(block)


def test_the_table_is_on_its_page() -> None:
    """gates.json and the table of docs/rtl.md come from one run of benchmarks/gates.py."""
    blocks = json.loads((ROOT / "accelsim" / "analytic" / "gates.json").read_text(encoding="utf-8"))["blocks"]
    page = (ROOT / "docs" / "rtl.md").read_text(encoding="utf-8")
    for name, block in blocks.items():
        assert f"| `{name}` | {block['gates']} | {block['flip_flops']} | {block['depth']} |" in page
