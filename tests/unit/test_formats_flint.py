"""Flint against the published table, the rule of the published code, and DyBit."""

import numpy as np
import pytest

from quant import DecodeCost, get_format
from quant.formats.flint import WIDTHS

# Guo et al., MICRO 2022: the 4-bit unsigned codes, first bit 0 an integer, first bit 1 a float.
PUBLISHED = {
    "0000": 0, "0001": 1, "0010": 2, "0011": 3, "0100": 4, "0101": 5, "0110": 6, "0111": 7,
    "1100": 8, "1101": 10, "1110": 12, "1111": 14, "1010": 16, "1011": 24, "1001": 32, "1000": 64,
}  # fmt: skip


def values_of_published_rule(magnitude_bits: int) -> list[float]:
    """Binades 2^e * (1 + j / 2^m) with m = bits - 2 - |e| above 1 and bits - 1 - |e| below, 0 and the last power."""
    binades = [(exponent, magnitude_bits - 2 - exponent) for exponent in range(magnitude_bits - 1)]
    binades += [(exponent, magnitude_bits - 1 + exponent) for exponent in range(1 - magnitude_bits, 0)]
    values = [2.0**e * (1 + j / 2**m) for e, m in binades for j in range(2**m)]
    return sorted([0.0, *values, 2.0 ** (magnitude_bits - 1)])


def test_published_table() -> None:
    codebook = get_format("flint4", signed=False).codebook
    assert {f"{code:04b}": value for code, value in enumerate(codebook.tolist())} == PUBLISHED


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("signed", [True, False])
def test_values_follow_the_published_rule(bits: int, signed: bool) -> None:
    magnitudes = np.unique(np.abs(get_format(f"flint{bits}", signed).codebook))
    smallest = 2 ** (bits - signed - 1)
    assert (magnitudes / smallest).tolist() == values_of_published_rule(bits - signed)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("signed", [True, False])
def test_values_are_those_of_dybit_at_every_width_and_the_codes_differ(bits: int, signed: bool) -> None:
    flint, dybit = get_format(f"flint{bits}", signed), get_format(f"dybit{bits}", signed)
    unit = 2 ** (bits - signed - 1)
    assert np.array_equal(np.unique(flint.codebook), np.unique(dybit.codebook) * unit)
    assert not np.array_equal(flint.codebook, dybit.codebook * unit)


def test_halfway_between_two_odd_codes_the_upper_value() -> None:
    """24 is 1011 and 32 is 1001."""
    assert get_format("flint4", signed=False).encode([28.0]).tolist() == [0b1001]
    assert get_format("flint4").decode_cost is DecodeCost.LEADING_ONE
