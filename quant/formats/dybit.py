"""DyBit, 2 to 8 bits: a run of leading ones trades mantissa bits for exponent inside the code. See `docs/dybit.md`.

This is the project's reading of the abstract of arXiv 2302.12510; a correction is a change to `magnitude_fields`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost

WIDTHS = range(2, 9)


@dataclass(frozen=True)
class DyBit(CodebookFormat):
    """Unsigned: an n-bit magnitude. Signed: a sign bit and an (n-1)-bit magnitude; "-0" decodes to 0."""

    decode_cost: ClassVar[DecodeCost] = DecodeCost.LEADING_ONE

    def value_of(self, code: int) -> float:
        magnitude_bits = self.bits - self.signed
        sign, magnitude = divmod(code, 2**magnitude_bits)
        significand, exponent = magnitude_fields(magnitude, magnitude_bits)
        value = significand * 2.0**exponent
        return -value if sign and value else value


def magnitude_fields(code: int, bits: int) -> tuple[int, int]:
    """(significand, exponent) of an unsigned code of `bits` bits; its value is significand * 2^exponent.

    What the hardware decoder computes: the leading-one detector finds the run of ones, the shifter drops it.
    """
    leading_ones = bits - (code ^ (2**bits - 1)).bit_length()
    if leading_ones == 0:
        return code, 1 - bits
    if leading_ones == bits:
        return 1, bits - 1
    mantissa_bits = bits - leading_ones - 1
    hidden_one = 2**mantissa_bits
    return hidden_one + code % hidden_one, leading_ones - 1 - mantissa_bits
