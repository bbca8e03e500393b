"""Operands as `quant.formats` has them, and how their codes lie in the hardware's words (docs/rtl.md, "Operands")."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quant import get_format

WORD_BITS = 8
LATENCY = 2  # of a decoder, cycles

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Operand:
    """A DyBit format in a slot of the next width that can be fused."""

    bits: int
    signed: bool

    @property
    def slot_bits(self) -> int:
        return next(width for width in (2, 4, 8) if width >= self.bits)

    @property
    def slots(self) -> int:
        return WORD_BITS // self.slot_bits

    @property
    def one_hot(self) -> int:
        """The slot width as the mode inputs want it: bit 2 for 8 bits, bit 1 for 4, bit 0 for 2."""
        return self.slot_bits // 2

    def integers(self, codes: npt.ArrayLike) -> Integers:
        """What the codes are worth, in units of 2^-(slot_bits - 1) unsigned and 2^-(slot_bits - 2) signed."""
        values = get_format(f"dybit{self.bits}", signed=self.signed).codebook[np.asarray(codes)]
        return (values * 2.0 ** (self.slot_bits - (2 if self.signed else 1))).astype(np.int64)

    def word(self, codes: Sequence[int]) -> int:
        """A native word of codes, slot 0 lowest; a code lies at the upper end of its slot."""
        low = self.slot_bits - self.bits
        return sum(int(code) << low + slot * self.slot_bits for slot, code in enumerate(codes))

    @property
    def largest(self) -> int:
        """The code of the largest value."""
        return 2 ** (self.bits - self.signed) - 1


EVERY_OPERAND = [Operand(bits, signed) for bits, signed in product(range(2, 9), (False, True))]
MODES = list(product((2, 4, 8), repeat=2))
"""(weight bits, input bits) of each mode."""


def sums_of(port: int, weight: Operand) -> Integers:
    """The 32-bit sums of one column of PEs, in the order of the weights' slots."""
    digits = np.array([port >> 32 * digit & 2**32 - 1 for digit in range(0, 4, weight.slot_bits // 2)])
    return digits.astype(np.uint32).view(np.int32).astype(np.int64)


def sums_port(sums: Integers, weight: Operand) -> int:
    """The inverse of `sums_of`."""
    return sum(int(number) % 2**32 << 16 * weight.slot_bits * slot for slot, number in enumerate(sums))


def report(what: str, cases: int) -> None:
    """Note in cases.json how many results were compared, for docs/validation.md; all of them were equal."""
    path = Path("cases.json")
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(known | {what: cases}), encoding="utf-8")
