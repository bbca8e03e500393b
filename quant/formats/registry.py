"""The formats by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from functools import cache, partial

from quant.errors import FormatError
from quant.formats import dybit, flint, integer, posit, power_of_two
from quant.formats.descriptor import NumberFormat
from quant.formats.dybit import DyBit
from quant.formats.flint import Flint
from quant.formats.floating import Float, Float32
from quant.formats.integer import Integer
from quant.formats.microscaling import ELEMENTS, microscaling
from quant.formats.minifloat import SPLITS, minifloat, minifloat_name
from quant.formats.normal_float import NormalFloat4
from quant.formats.posit import Posit
from quant.formats.power_of_two import PowerOfTwo

# Each entry makes the format from its sign; the last ten have their one form whatever is asked for.
_BUILDERS: dict[str, Callable[[bool], NumberFormat]] = {
    **{f"dybit{bits}": partial(DyBit, f"dybit{bits}", bits) for bits in dybit.WIDTHS},
    **{f"int{bits}": partial(Integer, f"int{bits}", bits) for bits in integer.WIDTHS},
    **{minifloat_name(*split): partial(minifloat, *split) for split in SPLITS},
    **{
        f"posit{bits}_{size}": partial(Posit, f"posit{bits}_{size}", bits, exponent_size=size)
        for bits in posit.WIDTHS
        for size in posit.EXPONENT_SIZES
    },
    **{f"flint{bits}": partial(Flint, f"flint{bits}", bits) for bits in flint.WIDTHS},
    **{f"pot{bits}": partial(PowerOfTwo, f"pot{bits}", bits) for bits in power_of_two.WIDTHS},
    **{name: partial(microscaling, name) for name in ELEMENTS},
    "nf4": lambda signed: NormalFloat4("nf4", 4, True),
    "bf16": lambda signed: Float("bf16", 16, True, exponent_bits=8),
    "fp16": lambda signed: Float("fp16", 16, True, exponent_bits=5),
    "fp32": lambda signed: Float32("fp32", 32, True),
}

# What an error lists: the letters that a family's names begin with, and the names.
_FAMILIES = {
    "dybit": "dybit2 to dybit8",
    "int": "int2 to int8",
    "fp": "fp32, fp16, fpN_eXmY with N = 1 + X + Y, N from 2 to 8 and X at least 1",
    "posit": "positN_E, N from 3 to 8, exponent size E from 0 to 2",
    "flint": "flint3 to flint8",
    "pot": "pot2 to pot8",
    "mxfp": "mxfp4, mxfp6_e3m2, mxfp6_e2m3, mxfp8_e4m3, mxfp8_e5m2",
    "mxint": "mxint8",
    "nf": "nf4",
    "bf": "bf16",
}


def format_names() -> tuple[str, ...]:
    """The names that `get_format` knows, a family at a time, narrow to wide."""
    return tuple(_BUILDERS)


def get_format(name: str, signed: bool = True) -> NumberFormat:
    """The number format called `name`; equal calls give the same object.

    `signed=False` asks for the form for tensors without negative numbers (after a ReLU). `nf4`, the MX formats, `fp32`,
    `fp16` and `bf16` have no such form and come back signed. Raises FormatError for a name that is not in
    `format_names()`.
    """
    if not isinstance(name, str) or name not in _BUILDERS:
        raise _unknown(str(name))
    return _build(name, bool(signed))


@cache
def _build(name: str, signed: bool) -> NumberFormat:
    return _BUILDERS[name](signed)


def _unknown(name: str) -> FormatError:
    family = re.split(r"[^a-z]", name, maxsplit=1)[0]
    allowed = _FAMILIES.get(family) or "; ".join(_FAMILIES.values())
    nearest = difflib.get_close_matches(name.lower(), format_names(), n=1)
    return FormatError(f"unknown number format {name!r}", allowed, nearest[0] if nearest else None)
