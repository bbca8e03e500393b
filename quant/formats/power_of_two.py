"""Powers of two, 2 to 8 bits: the code is an exponent.

Source: the PoT type of Guo et al., ANT, MICRO 2022: zero, and as many powers of two as there are other codes. ANT's
smallest power is 1; here they are centred about 1, so that 8 bits stay within the exponents of a float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost

WIDTHS = range(2, 9)


@dataclass(frozen=True)
class PowerOfTwo(CodebookFormat):
    """Unsigned n bits: 0 for code 0, else 2^(code - 2^(n-1)). Signed: a sign bit, and n - 1 bits read so; "-0" is 0."""

    decode_cost: ClassVar[DecodeCost] = DecodeCost.FIXED_FIELDS

    def value_of(self, code: int) -> float:
        magnitude_bits = self.bits - self.signed
        negative, exponent_code = divmod(code, 2**magnitude_bits)
        if exponent_code == 0:
            return 0.0
        value = math.ldexp(1.0, exponent_code - 2 ** (magnitude_bits - 1))
        return -value if negative else value
