"""Scales against brute force, and what is refused."""

import numpy as np
import pytest

from quant import DataError, NumberFormat, get_format
from quant.granularity import Granularity
from quant.scaling import Percentile, choose_scales


def squared_errors(rows: np.ndarray, number_format: NumberFormat, scales: np.ndarray) -> np.ndarray:
    decoded = number_format.decode(number_format.encode(rows, scales[:, None]), scales[:, None])
    return np.sum((decoded - rows) ** 2, axis=1)


@pytest.mark.parametrize("name", ["dybit2", "dybit3", "dybit4", "int2", "int4"])
@pytest.mark.parametrize("numbers", [40, 1000])
def test_the_search_is_as_good_as_brute_force(name: str, numbers: int) -> None:
    """Within 3 % in RMSE of 2000 scales, which find dents of the error that the grid steps over."""
    rows = np.random.default_rng(1).laplace(size=(4, numbers)).astype(np.float32)
    number_format = get_format(name)
    ends = np.abs(rows).max(axis=1) / number_format.max_value
    tried = [squared_errors(rows, number_format, ends * factor) for factor in np.geomspace(0.1, 20, 2000)]
    found = squared_errors(rows, number_format, choose_scales(rows, number_format, Granularity(axis=0)))
    assert np.all(found <= 1.03**2 * np.min(tried, axis=0))


def test_the_search_reaches_far_enough_for_dybit8() -> None:
    x = np.random.default_rng(0).standard_normal(100_000)
    scale = float(choose_scales(x, get_format("dybit8"))[0])
    assert 1.4 <= np.abs(x).max() / scale <= 14


def test_a_power_of_two_is_the_best_of_them() -> None:
    rows = np.random.default_rng(2).standard_normal((3, 500)).astype(np.float32)
    number_format = get_format("dybit4")
    scales = choose_scales(rows, number_format, Granularity(axis=0), power_of_two=True)
    tried = [squared_errors(rows, number_format, np.full(3, 2.0**exponent)) for exponent in range(-8, 8)]
    assert np.array_equal(scales, np.exp2(np.argmin(tried, axis=0) - 8))


def test_by_the_largest_number_and_by_percentile() -> None:
    x = np.arange(1, 101, dtype=np.float32)
    assert choose_scales(x, get_format("int4"), method=Percentile()) == np.float32(100 / 7)
    assert choose_scales(x, get_format("int4"), method=Percentile(90)) == np.float32(90 / 7)


def test_rows_of_zeros_get_scale_one() -> None:
    rows = np.array([[0, 0, 0], [1, 2, 4]], np.float32)
    for method in (None, Percentile()):
        scales = choose_scales(rows, get_format("dybit4"), Granularity(axis=0), method)
        assert scales[0] == 1
        assert scales[1] > 0


@pytest.mark.parametrize("granularity", [Granularity(), Granularity(1), Granularity(0, 5), Granularity(None, 7)])
def test_rows_become_the_tensor_again(granularity: Granularity) -> None:
    x = np.arange(24).reshape(2, 3, 4)
    rows = granularity.rows(x)
    assert rows.shape == granularity.row_shape(x.shape)
    assert np.array_equal(granularity.tensor(rows, x.shape), x)


def test_numbers_that_are_not_finite_are_counted_by_name() -> None:
    with pytest.raises(DataError, match=r"conv1: 2 NaN and 1 infinite \(in float32\) of 4 numbers"):
        choose_scales([np.nan, np.nan, np.inf, 1], get_format("int4"), name="conv1")


def test_an_empty_tensor_is_refused() -> None:
    with pytest.raises(DataError, match=r"conv1: empty"):
        choose_scales(np.zeros((0, 3)), get_format("int4"), name="conv1")


def test_example_of_the_page() -> None:
    """docs/scales.md. The same numbers 200 times over are a row too long to be solved exactly."""
    x = np.array([1, 2, 3], np.float32)
    assert choose_scales(x, get_format("int2")) == np.float32(2.5)
    assert choose_scales(np.tile(x, 200), get_format("int2")) == np.float32(2.5)


@pytest.mark.parametrize("numbers", [200, 600])
def test_numbers_that_all_stay_at_zero_do_not_hide_the_best_scale(numbers: int) -> None:
    """A scale so large that but one number leaves level 0: its energy must not be lost among the others' rounding."""
    x = np.random.default_rng(0).standard_normal(numbers).astype(np.float32)
    posit = get_format("posit8_1", signed=False)
    negative = np.sum(np.minimum(x, 0) ** 2)
    scale = choose_scales(x, posit)
    assert squared_errors(x[None], posit, scale)[0] == pytest.approx(negative, rel=1e-3)
