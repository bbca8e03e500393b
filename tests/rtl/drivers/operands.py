"""How codes lie in the words of the hardware (docs/rtl.md, "Operands")."""

from __future__ import annotations

from collections.abc import Sequence

SLOTS = {2: 4, 4: 2, 8: 1}  # slot width in bits -> slots of a native word


def slot_of(bits: int) -> int:
    """The slot that a code of 2 to 8 bits takes: the next width that can be fused."""
    return next(slot for slot in SLOTS if slot >= bits)


def one_hot(slot_bits: int) -> int:
    """A slot width as the mode inputs want it: bit 2 for 8 bits, bit 1 for 4, bit 0 for 2."""
    return slot_bits // 2


def word_of(codes: Sequence[int], bits: int) -> int:
    """A native word of codes, slot 0 lowest; a code lies at the upper end of its slot."""
    slot_bits = slot_of(bits)
    return sum(code << slot_bits - bits + slot * slot_bits for slot, code in enumerate(codes))


def unit_exponent(slot_bits: int, signed: bool) -> int:
    """Operands of a slot are integers in units of 2 to the power of this."""
    return (2 if signed else 1) - slot_bits
