"""Posits against published values, and against the value rule written a second way."""

import math
from fractions import Fraction

import numpy as np
import pytest

from quant import DecodeCost, get_format
from quant.formats.posit import EXPONENT_SIZES, WIDTHS


def value_of_standard(code: int, bits: int, exponent_size: int) -> float:
    """((1 - 3s) + f) * 2^((1 - 2s) * (2^es * r + e + s)), section 3.2 of the Standard for Posit Arithmetic (2022).

    It reads the code's own bits, negative or not; no negation comes first.
    """
    if code == 0:
        return 0.0
    if code == 2 ** (bits - 1):
        return math.nan
    digits = [int(digit) for digit in f"{code:0{bits}b}"] + [0] * (bits + exponent_size)
    sign, first = digits[0], digits[1]
    run = 1
    while run < bits - 1 and digits[1 + run] == first:
        run += 1
    regime = run - 1 if first else -run
    after = digits[2 + run :] if run < bits - 1 else [0] * exponent_size
    exponent = sum(digit << place for place, digit in enumerate(reversed(after[:exponent_size])))
    fraction = sum(Fraction(digit, 2 ** (place + 1)) for place, digit in enumerate(after[exponent_size:]))
    power = (1 - 2 * sign) * (2**exponent_size * regime + exponent + sign)
    return float(((1 - 3 * sign) + fraction) * Fraction(2) ** power)


@pytest.mark.parametrize("exponent_size", EXPONENT_SIZES)
@pytest.mark.parametrize("bits", WIDTHS)
def test_every_code_follows_the_formula_of_the_standard(bits: int, exponent_size: int) -> None:
    expected = [value_of_standard(code, bits, exponent_size) for code in range(2**bits)]
    assert np.array_equal(get_format(f"posit{bits}_{exponent_size}").codebook, expected, equal_nan=True)


@pytest.mark.parametrize("exponent_size", EXPONENT_SIZES)
@pytest.mark.parametrize("bits", WIDTHS)
def test_unsigned_is_the_positive_half_of_the_next_wider_posit(bits: int, exponent_size: int) -> None:
    expected = [value_of_standard(code, bits + 1, exponent_size) for code in range(2**bits)]
    assert get_format(f"posit{bits}_{exponent_size}", signed=False).codebook.tolist() == expected


@pytest.mark.parametrize("exponent_size", EXPONENT_SIZES)
@pytest.mark.parametrize("bits", WIDTHS)
def test_range(bits: int, exponent_size: int) -> None:
    """maxpos = useed^(n-2), useed = 2^(2^es): Gustafson and Yonemoto 2017."""
    assert get_format(f"posit{bits}_{exponent_size}").max_value == 2.0 ** (2**exponent_size * (bits - 2))


def test_posit4_0() -> None:
    """By hand: regimes -2, -1, 0 and 1 with no exponent bits, and one fraction bit where the regime is short."""
    positive = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4]
    assert get_format("posit4_0").codebook[:8].tolist() == positive


def test_small_numbers_become_zero_and_large_ones_saturate() -> None:
    posit = get_format("posit8_2")
    assert posit.decode(posit.encode([2.0**-26, 2.0**-24, math.inf])).tolist() == [0, 2.0**-24, 2.0**24]
    assert posit.decode_cost is DecodeCost.REGIME
