"""Flint, 3 to 8 bits: ANT's integer that becomes a float where its first bit is set.

Source: Guo et al., "ANT: Exploiting Adaptive Numerical Data Type for Low-bit Deep Neural Network Quantization", MICRO
2022, whose table is for 4 unsigned bits; the other widths follow the rule of the authors' published code (`flint_value`
in `quant_modules.py` of ANT-Quantization), in units of its smallest value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost

WIDTHS = range(3, 9)


@dataclass(frozen=True)
class Flint(CodebookFormat):
    """Unsigned: an n-bit magnitude. Signed: a sign bit and an (n-1)-bit magnitude; "-0" decodes to 0."""

    decode_cost: ClassVar[DecodeCost] = DecodeCost.LEADING_ONE

    def value_of(self, code: int) -> float:
        magnitude_bits = self.bits - self.signed
        sign, magnitude = divmod(code, 2**magnitude_bits)
        value = _magnitude(magnitude, magnitude_bits)
        return -value if sign and value else value


def _magnitude(code: int, bits: int) -> float:
    """First bit 0: the integer in the other bits. First bit 1: the zeros that follow it scale, the rest is mantissa."""
    floats, rest = divmod(code, 2 ** (bits - 1))
    if not floats:
        return float(rest)
    zeros = bits - 1 - rest.bit_length()
    if rest == 0:
        return 2.0 ** (2 * (bits - 1))
    mantissa_bits = bits - 2 - zeros
    return math.ldexp(rest, bits - 1 + zeros - mantissa_bits)
