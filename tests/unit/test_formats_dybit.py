"""DyBit against its published tables, its formula, and a hardware encoder and decoder written from docs/dybit.md."""

import math

import numpy as np
import pytest

from quant import NumberFormat, get_format
from quant.formats.dybit import magnitude_fields

WIDTHS = range(2, 9)
BOTH_SIGNS = [get_format(f"dybit{bits}", signed) for bits in WIDTHS for signed in (True, False)]

# The tables of docs/dybit.md.
UNSIGNED_VALUES = {
    2: [0, 0.5, 1, 2],
    3: [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4],
    4: [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 1.25, 1.5, 1.75, 2, 3, 4, 8],
}
SIGNED_VALUES = {
    2: [0, 1, 0, -1],
    3: [0, 0.5, 1, 2, 0, -0.5, -1, -2],
    4: [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 0, -0.25, -0.5, -0.75, -1, -1.5, -2, -4],
}


def value_by_formula(code: int, bits: int) -> float:
    """The table of docs/dybit.md, read off the code's text."""
    text = f"{code:0{bits}b}"
    run, _, mantissa = text.partition("0")
    if not run:
        return code / 2 ** (bits - 1)
    if len(run) == bits:
        return 2 ** (bits - 1)
    return 2 ** (len(run) - 1) * (1 + int(mantissa or "0", 2) / 2 ** len(mantissa))


def hardware_magnitude_code(quotient: float, bits: int) -> int:
    """The encoder of docs/dybit.md: leading-one detector, shifter, and one rounding whose carry runs on."""
    if quotient >= 2 ** (bits - 1):
        return 2**bits - 1
    if quotient < 1:
        return round(quotient * 2 ** (bits - 1))
    exponent = math.frexp(quotient)[1] - 1
    kept_bits = bits - exponent - 2
    ones = (2 ** (exponent + 1) - 1) << (kept_bits + 1)
    return ones + round((quotient / 2**exponent - 1) * 2**kept_bits)


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_code_tables(bits: int) -> None:
    assert get_format(f"dybit{bits}", signed=False).codebook.tolist() == UNSIGNED_VALUES[bits]
    assert get_format(f"dybit{bits}").codebook.tolist() == SIGNED_VALUES[bits]


@pytest.mark.parametrize("bits", WIDTHS)
def test_codebook_follows_the_formula(bits: int) -> None:
    codes = range(2**bits)
    assert get_format(f"dybit{bits}", signed=False).codebook.tolist() == [value_by_formula(c, bits) for c in codes]


@pytest.mark.parametrize("bits", WIDTHS)
def test_signed_is_a_sign_bit_and_a_narrower_magnitude(bits: int) -> None:
    magnitudes = [value_by_formula(code, bits - 1) for code in range(2 ** (bits - 1))]
    assert get_format(f"dybit{bits}").codebook.tolist() == magnitudes + [-value for value in magnitudes]


@pytest.mark.parametrize("bits", WIDTHS)
def test_unsigned_codes_count_upwards_and_reach_the_largest_power(bits: int) -> None:
    unsigned = get_format(f"dybit{bits}", signed=False)
    assert np.all(np.diff(unsigned.codebook) > 0)
    assert unsigned.max_value == 2 ** (bits - 1)


@pytest.mark.parametrize("bits", range(1, 9))
def test_decoder_fields_fit_the_multiplier(bits: int) -> None:
    for code in range(2**bits):
        significand, exponent = magnitude_fields(code, bits)
        assert significand * 2.0**exponent == value_by_formula(code, bits)
        assert significand.bit_length() <= max(bits - 1, 1)
        assert 1 - bits <= exponent <= bits - 1


def test_decoder_example_of_the_page() -> None:
    assert magnitude_fields(0b1011, 4) == (7, -2)


@pytest.mark.parametrize("number_format", BOTH_SIGNS, ids=str)
def test_negative_zero_is_positive_zero_and_never_produced(number_format: NumberFormat) -> None:
    if not number_format.signed:
        assert number_format.encode(-0.0) == 0
        return
    negative_zero = 2 ** (number_format.bits - 1)
    assert math.copysign(1.0, number_format.codebook[negative_zero]) == 1.0
    tiny = [-0.0, -5e-324, -1e-30, -1e-3 * number_format.codebook[1]]
    assert number_format.encode(tiny).tolist() == [0] * len(tiny)


@pytest.mark.parametrize("number_format", BOTH_SIGNS, ids=str)
def test_hardware_encoder_agrees(number_format: NumberFormat) -> None:
    """Adding a guard bit to the cut-off code is rounding to nearest, ties to even, regime boundaries included."""
    magnitude_bits = number_format.bits - number_format.signed
    quarter_steps = np.arange(0, 2 ** (magnitude_bits - 1) * 1.25, 2.0 ** (1 - magnitude_bits) / 4)
    for quotient in (*quarter_steps.tolist(), math.inf):
        expected = hardware_magnitude_code(quotient, magnitude_bits)
        assert number_format.scalar_encode(quotient) == expected
        if number_format.signed:
            sign = 2**magnitude_bits if expected else 0
            assert number_format.scalar_encode(-quotient) == sign + expected


def test_worked_examples_of_the_page() -> None:
    unsigned = get_format("dybit4", signed=False)
    x = [1.3, 1.25, 0.9, 0.96875, 100.0]
    assert [f"{code:04b}" for code in unsigned.encode(x, 0.5)] == ["1101", "1100", "1011", "1100", "1111"]
    assert [unsigned.scalar_encode(v, 0.5) for v in x] == [0b1101, 0b1100, 0b1011, 0b1100, 0b1111]
    assert unsigned.decode([0b1101, 0b1100, 0b1011, 0b1100, 0b1111], 0.5).tolist() == [1.5, 1.0, 0.875, 1.0, 4.0]
    assert [f"{code:04b}" for code in get_format("dybit4").encode([-1.2, -0.1])] == ["1100", "0000"]


def test_four_bit_values_are_those_of_flint() -> None:
    """Values of the 4-bit unsigned flint: ANT, Guo et al., MICRO 2022."""
    flint4 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 24, 32, 64]
    assert (get_format("dybit4", signed=False).codebook * 8).tolist() == flint4


def test_narrow_signed_widths_meet_other_formats() -> None:
    dybit2, int2 = get_format("dybit2"), get_format("int2")
    assert {dybit2.value_of(dybit2.scalar_encode(x)) for x in (-9, 0, 9)} == {-1.0, 0.0, 1.0}
    assert {int2.value_of(int2.scalar_encode(x)) for x in (-9, 0, 9)} == {-1.0, 0.0, 1.0}
    e2m1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]  # OCP Microscaling specification 1.0, FP4
    doubled = (get_format("dybit4").codebook[:8] * 2).tolist()
    assert [pair for pair in zip(doubled, e2m1, strict=True) if pair[0] != pair[1]] == [(8, 6)]


@pytest.mark.parametrize("number_format", BOTH_SIGNS, ids=str)
def test_only_dybit_needs_a_decoder_and_values_are_fixed_point(number_format: NumberFormat) -> None:
    assert number_format.needs_decoder
    unit = 2.0 ** (1 - (number_format.bits - number_format.signed))
    assert np.array_equal(number_format.codebook / unit, np.rint(number_format.codebook / unit))
