"""Integers of 2 to 8 bits: two's complement, or unsigned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost

WIDTHS = range(2, 9)


@dataclass(frozen=True)
class Integer(CodebookFormat):
    """Signed: clipped to +-(2^(n-1) - 1). Unsigned: 0 to 2^n - 1.

    The range is symmetric, as is usual for weights, so that negating a tensor negates its codes and no product needs
    the one extra magnitude of -2^(n-1). That code decodes to its value all the same: other tools' tensors hold it.
    """

    decode_cost: ClassVar[DecodeCost] = DecodeCost.FIXED_FIELDS

    def value_of(self, code: int) -> float:
        negative = self.signed and code >= 2 ** (self.bits - 1)
        return float(code - 2**self.bits if negative else code)

    def produces(self, code: int) -> bool:
        return not (self.signed and code == 2 ** (self.bits - 1))
