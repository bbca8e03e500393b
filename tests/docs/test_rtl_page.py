"""docs/rtl.md: its examples by the formats, its cycles by the closed form, and what the skew is in a network."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from accelsim.analytic.area import block_gates
from accelsim.analytic.compute import array_cycles, array_shape
from accelsim.config.hardware import ArrayConfig, Fusion
from accelsim.config.presets import load_hardware
from accelsim.simulation import run_network
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision
from quant import get_format

ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs" / "rtl.md").read_text(encoding="utf-8").split())


def test_zeros_behind_an_unsigned_code_change_nothing() -> None:
    """What lets one decoder of 8 bits read every width."""
    for bits in range(2, 8):
        narrow, wide = get_format(f"dybit{bits}", signed=False), get_format("dybit8", signed=False)
        assert [narrow.value_of(code) for code in range(2**bits)] == [
            wide.value_of(code << 8 - bits) for code in range(2**bits)
        ]


def test_the_pe_by_hand() -> None:
    """Inputs 1101 and 0010 by weights 0101, 1111 and 0001, 0010: 4.5625 and -11.875, in units of 1/32."""
    inputs = get_format("dybit4", signed=False).decode([0b1101, 0b0010])
    weights = get_format("dybit4").decode([[0b0101, 0b1111], [0b0001, 0b0010]])
    assert list(inputs @ weights * 32) == [146, -380]
    assert "24 * 6 + 2 * 1 = **146**, column 1: 24 * -16 + 2 * 2 = **-380** units of 1/32: 4.5625 and -11.875" in PAGE


def test_the_cycles_by_hand() -> None:
    def cycles(fusion: Fusion) -> int:
        shape = array_shape(ArrayConfig(rows=4, cols=3, fusion=fusion), 4, 4)
        return array_cycles(Gemm(1, 12, 16, 12), shape, "ws", shadow_registers=True).total

    assert cycles("combinational") == 8 + 3 * 12 + 12 + 4 + 3 - 2 == 61
    assert cycles("pipelined") == 8 + 3 * 12 + 12 + 8 + 6 - 2 == 68
    assert "8 + 3 * 12 + 12 + 4 + 3 - 2 = **61** cycles; `pipelined`, 61 + 4 + 3 = **68**" in PAGE


@pytest.mark.parametrize(("bits", "words"), [("w4a4", "315 tiles * 64 cycles"), ("w2a2", "214 * 192")])
def test_what_the_skew_is_in_a_network(bits: str, words: str) -> None:
    workload = replace(load_workload(ROOT / "workloads" / "resnet50.yaml"), pins={})
    run = run_network(workload, load_hardware("zcu102"), resolve_precision(workload, bits))
    tiles, skew = run.statistics["core0"]["array"]["tiles"], (8 // int(bits[1]) - 1) * (32 + 32)
    assert words in PAGE
    assert [int(number) for number in re.findall(r"\d+", words)] == [tiles, skew]
    cycles = f"{run.totals.cycles:,}".replace(",", " ")
    assert re.search(rf"\*\*{100 * tiles * skew / run.totals.cycles:.1f} %\*\* of (its )?{cycles}", PAGE)


def test_what_the_decoders_cost() -> None:
    pe, lane = block_gates("pe_8_2"), block_gates("decoder_lane")
    assert f"64 beside the 1024 PEs of `zcu102`, **{100 * 64 * lane / (1024 * pe):.1f} %** of their gates" in PAGE
    assert f"It is {pe / block_gates('int8_pe'):.1f} times one of 8-bit integers" in PAGE
    assert f"**The FP32 PE is {block_gates('fp32_pe') / pe:.2f} of it**" in PAGE
