"""The number format of every tensor of a network, resolved once before a run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from accelsim.errors import InputError
from quant import FormatError, get_format

MIN_BITS, MAX_BITS = 2, 8
_BITS_LABEL = re.compile(r"w([0-9]{1,4})a([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class TensorFormat:
    """A number format by name (`dybit4`), its width in bits, its sign, and whether the array needs a decoder for it."""

    name: str
    bits: int
    signed: bool
    decoded: bool


@dataclass(frozen=True, slots=True)
class Precision:
    """`weights` by layer name (array layers with trained weights) and `tensors` by tensor name, inputs included.

    A matmul's stationary operand is a tensor, so its width is in `tensors`. `label` is how reports call the whole.
    `scale_bytes` is what the scales of a layer's weights take in DRAM, by layer name; none for those not named.
    """

    label: str
    weights: dict[str, TensorFormat]
    tensors: dict[str, TensorFormat]
    scale_bytes: dict[str, int] = field(default_factory=dict)


def is_bits_label(text: str) -> bool:
    """Whether a text has the form of a layer precision, `w4a8` (its widths may still be out of range)."""
    return _BITS_LABEL.fullmatch(text) is not None


def parse_bits(text: str) -> tuple[int, int]:
    """`w4a8` -> (4, 8): weight and activation bits; ValueError, saying what is allowed, when it is no such text."""
    match = _BITS_LABEL.fullmatch(text)
    widths = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(MIN_BITS <= bits <= MAX_BITS for bits in widths):
        raise ValueError(f"weight and activation bits such as w4a8, each {MIN_BITS}..{MAX_BITS}")
    return widths


def tensor_format(name: str, *, signed: bool, where: str) -> TensorFormat:
    """The format of this name for a tensor that holds negative numbers or none; InputError at `where` if unknown."""
    try:
        number_format = get_format(name, signed)
    except FormatError as error:
        raise InputError(where, error.found, error.allowed, error.nearest) from None
    return TensorFormat(name, number_format.bits, number_format.signed, number_format.needs_decoder)
