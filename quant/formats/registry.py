"""The formats by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cache, partial

from quant.errors import FormatError
from quant.formats import dybit, integer
from quant.formats.descriptor import NumberFormat
from quant.formats.dybit import DyBit
from quant.formats.floating import Float, Float32
from quant.formats.integer import Integer

# Each entry makes the format from its sign; a float has its sign bit whatever is asked for.
_BUILDERS: dict[str, Callable[[bool], NumberFormat]] = {
    **{f"dybit{bits}": partial(DyBit, f"dybit{bits}", bits) for bits in dybit.WIDTHS},
    **{f"int{bits}": partial(Integer, f"int{bits}", bits) for bits in integer.WIDTHS},
    "bf16": lambda signed: Float("bf16", 16, True, exponent_bits=8),
    "fp16": lambda signed: Float("fp16", 16, True, exponent_bits=5),
    "fp32": lambda signed: Float32("fp32", 32, True),
}
_FAMILY_WIDTHS = {"dybit": dybit.WIDTHS, "int": integer.WIDTHS}


def format_names() -> tuple[str, ...]:
    """The names that `get_format` knows, a family at a time, narrow to wide."""
    return tuple(_BUILDERS)


def get_format(name: str, signed: bool = True) -> NumberFormat:
    """The number format called `name`; equal calls give the same object.

    `signed=False` asks for the form for tensors without negative numbers (after a ReLU). `fp32`, `fp16` and `bf16` have
    no such form and come back signed. Raises FormatError for a name that is not in `format_names()`.
    """
    if not isinstance(name, str) or name not in _BUILDERS:
        raise _unknown(str(name))
    return _build(name, bool(signed))


@cache
def _build(name: str, signed: bool) -> NumberFormat:
    return _BUILDERS[name](signed)


def _unknown(name: str) -> FormatError:
    family = name.rstrip("0123456789")
    if family != name and family in _FAMILY_WIDTHS:
        widths = _FAMILY_WIDTHS[family]
        return FormatError(f"number format {name!r}: {family} has no such width", f"widths {widths[0]}..{widths[-1]}")
    nearest = difflib.get_close_matches(name.lower(), format_names(), n=1)
    return FormatError(f"unknown number format {name!r}", ", ".join(format_names()), nearest[0] if nearest else None)
