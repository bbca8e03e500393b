"""Every code of every DyBit format through its decoder, and through the decoder lane, against `quant.formats`."""

from __future__ import annotations

import cocotb
import numpy as np
from clock import cycle
from cocotb.handle import HierarchyObject
from operands import EVERY_OPERAND, LATENCY, Operand, report

from accelsim.analytic.decode import decode_cycles
from quant import get_format

WORDS = 300  # of random codes, for each format


@cocotb.test
async def every_code_of_every_width(dut: HierarchyObject) -> None:
    """A new code each cycle; a decoder of n bits sees the lowest n of a byte, so that it meets all its codes."""
    for signed in (False, True):
        dut.is_signed.value = signed
        seen = []
        for code in range(256 + LATENCY):
            dut.code.value = code % 256
            await cycle(dut)
            seen.append(dut.decoded.value)
        for bits in range(2, 9):
            number_format = get_format(f"dybit{bits}", signed=signed)
            for code in range(256):
                fields = int(seen[code + LATENCY - 1]) >> 12 * bits
                sign, significand, shift = fields >> 11 & 1, fields >> 4 & 127, fields & 15
                assert significand < 2 ** (bits - 1)
                value = (-1) ** sign * significand * 2.0 ** (shift - (bits - 1 - signed))
                assert value == number_format.value_of(code % 2**bits), (bits, signed, code)
    report("codes through decoders", sum(2 * 2**bits for bits in range(2, 9)))


def decoded(operands: int, operand: Operand) -> list[int]:
    """The integers of a word of operands, slot 0 first."""
    found = []
    for low in range(0, 8, operand.slot_bits):
        sign = operands >> 16 + low // 2 & 1
        significand, shift = (operands >> low + field & 2**operand.slot_bits - 1 for field in (8, 0))
        found.append((-1) ** sign * significand << shift)
    return found


@cocotb.test
async def every_slot_of_the_lane(dut: HierarchyObject) -> None:
    """Each code in each slot, then words of random codes; a word goes in each cycle and comes out two cycles later."""
    draw = np.random.default_rng(0)
    compared = 0
    for operand in EVERY_OPERAND:
        dut.is_signed.value, dut.slot_bits.value = operand.signed, operand.one_hot
        every_code = np.repeat(np.arange(2**operand.bits)[:, None], operand.slots, axis=1)
        words = np.concatenate([every_code, draw.integers(0, 2**operand.bits, (WORDS, operand.slots))])
        assert decode_cycles(words.size, operand.slots, lanes=1, latency_cycles=LATENCY) == len(words) + LATENCY
        seen = []
        for codes in [*words, *words[:LATENCY]]:
            dut.word.value = operand.word(codes)
            await cycle(dut)
            seen.append(dut.operands.value)
        for codes, operands in zip(words, seen[LATENCY - 1 :], strict=False):
            assert decoded(int(operands), operand) == list(operand.integers(codes)), (operand, codes)
            compared += len(codes)
    report("codes through decoder lanes", compared)
