"""The scale found leaves no more squared error than the best of many tried, for every format and kind of numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scale_search import DRAW, FORMATS
from quant import NumberFormat, get_format
from quant.granularity import Granularity
from quant.scale_search import _EXACT_NUMBERS
from quant.scaling import choose_scales

TRIED = 300


def squared_error(x: np.ndarray, number_format: NumberFormat, scale: float) -> float:
    return float(np.sum((number_format.decode(number_format.encode(x, scale), scale) - x) ** 2))


def least_of_many(x: np.ndarray, number_format: NumberFormat) -> float:
    values = number_format.codebook[np.isfinite(number_format.codebook)]
    lowest = np.sqrt(np.mean(x**2)) / number_format.max_value / 10
    tried = np.geomspace(lowest, 2 * np.abs(x).max() / values[values > 0].min(), TRIED)
    return min(squared_error(x, number_format, scale) for scale in tried)


formats = st.builds(get_format, st.sampled_from(FORMATS), st.booleans())
derandomized = settings(derandomize=True, deadline=None, max_examples=60)


@derandomized
@given(formats, st.sampled_from(sorted(DRAW)), st.integers(0, 2**32), st.integers(1, _EXACT_NUMBERS))
def test_few_numbers(number_format: NumberFormat, distribution: str, seed: int, count: int) -> None:
    """The rounding of the scale to float32 may move a number at a threshold: hence the ppm."""
    x = DRAW[distribution](np.random.default_rng(seed), count).astype(np.float32)
    found = squared_error(x, number_format, float(choose_scales(x, number_format)[0]))
    assert found <= least_of_many(x, number_format) * (1 + 1e-6) + 1e-9 * np.sum(x**2)


@derandomized
@given(formats, st.sampled_from(sorted(DRAW)), st.integers(0, 2**32), st.integers(_EXACT_NUMBERS + 1, 4000))
def test_many_numbers(number_format: NumberFormat, distribution: str, seed: int, count: int) -> None:
    x = DRAW[distribution](np.random.default_rng(seed), count).astype(np.float32)
    found = squared_error(x, number_format, float(choose_scales(x, number_format)[0]))
    assert found <= least_of_many(x, number_format) * 1.01


@pytest.mark.parametrize("name", FORMATS)
def test_rows_are_searched_as_if_alone(name: str) -> None:
    """And what differs by a factor differs by it in its scale: a power of two changes no digit."""
    rng = np.random.default_rng(0)
    for count in (_EXACT_NUMBERS, _EXACT_NUMBERS + 1):
        rows = (rng.standard_t(3, (3, count)) * [[1], [2.0**40], [2.0**-40]]).astype(np.float32)
        together = choose_scales(rows, get_format(name), Granularity(0))
        alone = [choose_scales(row, get_format(name))[0] for row in rows]
        scaled = [choose_scales(row * np.float32(2.0**7), get_format(name))[0] / np.float32(2.0**7) for row in rows]
        errors = [
            [squared_error(row, get_format(name), float(scale)) for row, scale in zip(rows, scales, strict=True)]
            for scales in (together, alone, scaled)
        ]
        assert errors[1] == pytest.approx(errors[0], rel=1e-3)
        assert errors[2] == pytest.approx(errors[1], rel=1e-6)
