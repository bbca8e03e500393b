"""The block formats of OCP MX: elements of 4 to 8 bits, and for 32 of them one scale, a power of two.

Source: OCP Microscaling Formats (MX) Specification, 1.0, 2023. An element alone is as in the format that it is taken
from; that 32 share a scale is what `block_size` says and `quant/scaling.py` does. See `docs/formats.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost
from quant.formats.integer import Integer
from quant.formats.minifloat import minifloat

#: The element of each format, and how many bits of it are a fraction that the element itself does not know of.
ELEMENTS: dict[str, tuple[CodebookFormat, int]] = {
    "mxfp4": (minifloat(2, 1, signed=True), 0),
    "mxfp6_e3m2": (minifloat(3, 2, signed=True), 0),
    "mxfp6_e2m3": (minifloat(2, 3, signed=True), 0),
    "mxfp8_e4m3": (minifloat(4, 3, signed=True), 0),
    "mxfp8_e5m2": (minifloat(5, 2, signed=True), 0),
    "mxint8": (Integer("int8", 8, signed=True), 6),
}


@dataclass(frozen=True)
class Microscaling(CodebookFormat):
    """A code is worth its `element`'s value times 2^-fraction_bits. There is no unsigned form."""

    element: CodebookFormat
    fraction_bits: int

    decode_cost: ClassVar[DecodeCost] = DecodeCost.FIXED_FIELDS
    block_size: ClassVar[int | None] = 32
    scale_bits: ClassVar[int] = 8

    def value_of(self, code: int) -> float:
        return math.ldexp(self.element.value_of(code), -self.fraction_bits)

    def produces(self, code: int) -> bool:
        return self.element.produces(code)


def microscaling(name: str, signed: bool) -> Microscaling:
    """The format of this name in `ELEMENTS`; signed, whatever is asked for."""
    element, fraction_bits = ELEMENTS[name]
    return Microscaling(name, element.bits, element.signed, element, fraction_bits)
