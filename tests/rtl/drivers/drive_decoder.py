"""Every code of every DyBit format through its decoder, and through the decoder lane, against `quant.formats`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import cocotb
from clock import cycle
from cocotb.handle import HierarchyObject
from operands import SLOTS, one_hot, slot_of, unit_exponent, word_of

from quant import get_format

LATENCY = 2
WORDS = 400  # for each format, of random codes


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
                value = (-1) ** sign * significand * 2.0 ** (shift + unit_exponent(bits, signed))
                assert value == number_format.value_of(code % 2**bits), (bits, signed, code)


def decoded(operands: int, slot_bits: int) -> Iterator[int]:
    """The integers of a word of operands, slot 0 first."""
    for slot in range(8 // slot_bits):
        low = slot * slot_bits
        sign = operands >> 16 + low // 2 & 1
        significand, shift = (operands >> low + field & 2**slot_bits - 1 for field in (8, 0))
        yield (-1) ** sign * significand << shift


@cocotb.test
async def every_slot_of_the_lane(dut: HierarchyObject) -> None:
    """Words of random codes; each slot meets each of its codes."""
    draw = random.Random(0)
    for bits, signed in product(range(2, 9), (False, True)):
        number_format, slot_bits = get_format(f"dybit{bits}", signed=signed), slot_of(bits)
        every_code = [[code] * SLOTS[slot_bits] for code in range(2**bits)]
        words = every_code + [[draw.randrange(2**bits) for _ in range(SLOTS[slot_bits])] for _ in range(WORDS)]
        dut.is_signed.value = signed
        dut.slot_bits.value = one_hot(slot_bits)
        seen = []
        for codes in words + words[:LATENCY]:
            dut.word.value = word_of(codes, bits)
            await cycle(dut)
            seen.append(dut.operands.value)
        for codes, operands in zip(words, seen[LATENCY - 1 :], strict=False):
            expected = [number_format.value_of(code) / 2.0 ** unit_exponent(slot_bits, signed) for code in codes]
            assert list(decoded(int(operands), slot_bits)) == expected, (bits, signed, codes)
