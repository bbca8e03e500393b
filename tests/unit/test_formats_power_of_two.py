"""Powers of two: zero, and the powers that ANT's type has, centred."""

import math

import numpy as np
import pytest

from quant import DecodeCost, get_format
from quant.formats.power_of_two import WIDTHS


@pytest.mark.parametrize("bits", WIDTHS)
def test_magnitudes_are_zero_and_consecutive_powers(bits: int) -> None:
    """ANT has 2^0 to 2^(2^B - 2) for B magnitude bits; here they are divided by 2^(2^(B-1) - 1)."""
    for signed in (True, False):
        codes = 2 ** (bits - signed)
        ant = [0.0] + [math.ldexp(1.0, power) for power in range(codes - 1)]
        found = get_format(f"pot{bits}", signed).codebook
        assert np.array_equal(np.ldexp(found[:codes], codes // 2 - 1), ant)
        assert np.array_equal(found[codes:], -found[:codes] if signed else [])


def test_pot4() -> None:
    assert get_format("pot4").codebook[:8].tolist() == [0, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
    assert get_format("pot4").decode_cost is DecodeCost.FIXED_FIELDS
    assert math.copysign(1.0, get_format("pot4").codebook[8]) == 1.0


def test_widest_fits_float32() -> None:
    widest = get_format("pot8", signed=False)
    assert (widest.codebook[1], widest.max_value) == (2.0**-127, 2.0**127)
    assert np.array_equal(widest.codebook.astype(np.float32), widest.codebook)
