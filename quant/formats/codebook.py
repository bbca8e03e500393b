"""Formats of up to 16 bits, each given by the value of its codes; everything else follows from that one rule."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quant.formats.descriptor import NumberFormat, scaled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from quant.formats.vectorised import EncodeTable


@dataclass(frozen=True)
class CodebookFormat(NumberFormat):
    """A format given by `value_of(code)`. Its values include 0 and are exact in float32."""

    def produces(self, code: int) -> bool:
        """Whether `encode` may use this code. Of several codes for one value it uses the lowest in any case."""
        return math.isfinite(self.value_of(code))

    @cached_property
    def ladder(self) -> tuple[tuple[float, int], ...]:
        """(value, code) for each value that `encode` produces, in rising order of value."""
        code_of: dict[float, int] = {}
        for code in filter(self.produces, range(2**self.bits)):
            code_of.setdefault(self.value_of(code), code)
        return tuple(sorted(code_of.items()))

    @property
    def max_value(self) -> float:
        return self.ladder[-1][0]

    @property
    def min_value(self) -> float:
        return self.ladder[0][0]

    def scalar_encode(self, x: float, scale: float = 1.0) -> int:
        """Find the two neighbours and take the nearer one, compared in exact arithmetic; halfway, the even code."""
        quotient = scaled(self.name, x, scale)
        if quotient <= self.min_value:
            return self.ladder[0][1]
        if quotient >= self.max_value:
            return self.ladder[-1][1]
        upper = bisect_right(self.ladder, quotient, key=lambda rung: rung[0])
        (below, code_below), (above, code_above) = self.ladder[upper - 1], self.ladder[upper]
        to_below, to_above = Fraction(quotient) - Fraction(below), Fraction(above) - Fraction(quotient)
        if to_below != to_above:
            return code_below if to_below < to_above else code_above
        return code_below if code_below % 2 == 0 else code_above

    @cached_property
    def codebook(self) -> npt.NDArray[np.float64]:
        from quant.formats.vectorised import constant

        return constant([self.value_of(code) for code in range(2**self.bits)])

    def encode(self, x: npt.ArrayLike, scale: npt.ArrayLike = 1.0) -> npt.NDArray[np.unsignedinteger[Any]]:
        from quant.formats.vectorised import encode

        return encode(self.name, self.encode_table, x, scale)

    def decode(
        self, codes: npt.ArrayLike, scale: npt.ArrayLike = 1.0, dtype: npt.DTypeLike = "float64"
    ) -> npt.NDArray[np.floating[Any]]:
        from quant.formats.vectorised import decode

        return decode(self.name, self.codebook, codes, scale, dtype)

    @cached_property
    def encode_table(self) -> EncodeTable:
        """What the vectorised encoders look up, computed once."""
        from quant.formats.vectorised import EncodeTable

        return EncodeTable.of(self.ladder, self.bits)
