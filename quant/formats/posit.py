"""Posits of 3 to 8 bits: a run of equal bits, the regime, scales by powers of 2^(2^es).

Sources: Gustafson and Yonemoto, "Beating Floating Point at its Own Game: Posit Arithmetic", 2017, for any es; the
Standard for Posit Arithmetic (2022), which has es = 2. Here, as for every format, the *nearest* value is encoded, and
small numbers become 0; the standard rounds the bit string, and never to zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost

WIDTHS = range(3, 9)
EXPONENT_SIZES = range(3)


@dataclass(frozen=True)
class Posit(CodebookFormat):
    """Signed: the posit; negative numbers in two's complement, and the code 10...0 is NaR, "not a real", here NaN.

    Unsigned, which no standard has: the n bits behind the sign bit of a non-negative posit of n + 1 bits.
    """

    exponent_size: int

    decode_cost: ClassVar[DecodeCost] = DecodeCost.REGIME

    def value_of(self, code: int) -> float:
        magnitude_bits = self.bits - self.signed
        if code < 2**magnitude_bits:
            return _magnitude(code, magnitude_bits, self.exponent_size)
        if code == 2**magnitude_bits:
            return math.nan
        return -_magnitude(2**self.bits - code, magnitude_bits, self.exponent_size)


def _magnitude(code: int, bits: int, exponent_size: int) -> float:
    """(1 + fraction) * 2^(2^es * regime + exponent) of the bits behind the sign bit; exponent bits cut off are 0."""
    if code == 0:
        return 0.0
    text = f"{code:0{bits}b}"
    run = len(text) - len(text.lstrip(text[0]))
    regime = run - 1 if text[0] == "1" else -run
    rest = text[run + 1 :]
    exponent = int(rest[:exponent_size].ljust(exponent_size, "0") or "0", 2)
    fraction = rest[exponent_size:]
    significand = int("1" + fraction, 2)
    return math.ldexp(significand, regime * 2**exponent_size + exponent - len(fraction))
