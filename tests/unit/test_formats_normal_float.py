"""NF4 against its defining quantiles."""

from statistics import NormalDist

import numpy as np
import pytest

from quant import DecodeCost, get_format

# QLoRA's construction, as its authors' code has it: evenly spaced probabilities from 1/2 to this one on both sides,
# which is the mean of 1 - 1/(2*15) and 1 - 1/(2*16).
OFFSET = ((1 - 1 / 30) + (1 - 1 / 32)) / 2


def quantiles(count: int) -> np.ndarray:
    """Of `count` + 1 evenly spaced probabilities from OFFSET down to 1/2, without the last."""
    return np.array([NormalDist().inv_cdf(p) for p in np.linspace(OFFSET, 0.5, count + 1)[:-1]])


def test_values_are_the_normalised_quantiles() -> None:
    expected = np.sort(np.concatenate([quantiles(8), [0.0], -quantiles(7)])) / quantiles(8).max()
    assert get_format("nf4").codebook == pytest.approx(expected, abs=1e-6)


def test_values_are_float32_and_rise_with_the_code() -> None:
    codebook = get_format("nf4").codebook
    assert np.array_equal(codebook.astype(np.float32), codebook)
    assert np.all(np.diff(codebook) > 0)
    assert get_format("nf4").encode([-1.0, 0.0, 1.0]).tolist() == [0, 7, 15]


def test_there_is_no_unsigned_form_and_decoding_takes_a_table() -> None:
    assert get_format("nf4", signed=False) == get_format("nf4")
    assert get_format("nf4").decode_cost is DecodeCost.TABLE
