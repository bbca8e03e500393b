"""Floats of 2 to 8 bits in every split of exponent and mantissa, `fp4_e2m1` among them.

Sources: OCP 8-bit Floating Point Specification (OFP8), 1.0, 2023, for E4M3 and E5M2; OCP Microscaling Formats (MX)
Specification, 1.0, 2023, for FP6 and FP4. The other splits are read as FP6 and FP4 are: every code is a number.
"""

from __future__ import annotations

from quant.formats.floating import Float, Specials

#: (exponent bits, mantissa bits) of the signed form.
SPLITS = tuple((bits - 1 - mantissa, mantissa) for bits in range(2, 9) for mantissa in range(bits - 2, -1, -1))

_SPECIALS = {(5, 2): Specials.IEEE, (4, 3): Specials.ONE_NAN}


def minifloat_name(exponent_bits: int, mantissa_bits: int) -> str:
    """`fp4_e2m1`: the width with the sign bit, then the fields."""
    return f"fp{1 + exponent_bits + mantissa_bits}_e{exponent_bits}m{mantissa_bits}"


def minifloat(exponent_bits: int, mantissa_bits: int, signed: bool) -> Float:
    """The float of this split. Unsigned, its sign bit becomes one more mantissa bit: `fp4_e2m1` is then an E2M2."""
    specials = _SPECIALS.get((exponent_bits, mantissa_bits), Specials.NONE)
    name = minifloat_name(exponent_bits, mantissa_bits)
    return Float(name, 1 + exponent_bits + mantissa_bits, signed, exponent_bits, specials)
