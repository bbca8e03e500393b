"""The reference's steps against plain Python integers and float32 loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from accelsim.workload.layers import Window
from quant import DataError, get_format
from quant.reference.draw import drawn, drawn_layer
from quant.reference.sums import check_exact, convolution_sums, fixed_point, matmul_sums, product
from quant.reference.vector import avg_pool, softmax


def integers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(-50, 50, shape).astype(float)


def test_sums_of_a_grouped_strided_padded_convolution() -> None:
    x, weights, window = integers(2, 4, 5, 6), integers(6, 2, 3, 2), Window((3, 2), (2, 1), (1, 1))
    found = convolution_sums(x, weights, window, groups=2)
    assert found.shape == (2, 6, 3, 7)
    for image, output, row, column in itertools.product(range(2), range(6), range(3), range(7)):
        expected = 0
        for channel, tall, wide in itertools.product(range(2), range(3), range(2)):
            y, z = 2 * row - 1 + tall, column - 1 + wide
            if 0 <= y < 5 and 0 <= z < 6:
                pixel = x[image, output // 3 * 2 + channel, y, z]
                expected += int(pixel) * int(weights[output, channel, tall, wide])
        assert found[image, output, row, column] == expected


@pytest.mark.parametrize("transposed", [True, False])
def test_sums_of_a_matmul_head_by_head(transposed: bool) -> None:
    """Transposed: 2 heads of 3 features, 4 tokens by 5; otherwise 2 heads of 5 tokens by 3 features."""
    x, other = (
        (integers(1, 6, 4, 1), integers(1, 6, 5, 1)) if transposed else (integers(1, 10, 4, 1), integers(1, 6, 5, 1))
    )
    found = matmul_sums(x, other, 2, transposed=transposed)
    for head, token in itertools.product(range(2), range(4)):
        if transposed:
            expected = [
                sum(x[0, 3 * head + f, token, 0] * other[0, 3 * head + f, s, 0] for f in range(3)) for s in range(5)
            ]
            assert found[0, 5 * head : 5 * head + 5, token, 0].tolist() == expected
        else:
            expected = [
                sum(x[0, 5 * head + s, token, 0] * other[0, 3 * head + f, s, 0] for s in range(5)) for f in range(3)
            ]
            assert found[0, 3 * head : 3 * head + 3, token, 0].tolist() == expected


def test_sums_up_to_2_to_the_53_are_exact() -> None:
    """2^26 + 1 times 2^26 + 1, and 2^52 + 2^27 off it: nothing of 53 bits is lost."""
    large = 2**26 + 1
    assert product(np.array([[large, 2.0**52]]), np.array([[large], [-1.0]])).item() == large**2 - 2**52


def test_what_could_be_inexact_is_refused() -> None:
    """fp8_e5m2: 57344 in units of 2^-16 is 2^31.8; one product is 2^63.6."""
    check_exact("a", 2**27, get_format("dybit8"), get_format("dybit8", False))
    with pytest.raises(DataError, match=r"layer a: 1 products of fp8_e5m2 by fp8_e5m2 reach 1\.41e"):
        check_exact("a", 1, get_format("fp8_e5m2"), get_format("fp8_e5m2"))


def test_codes_that_are_no_numbers_count_as_the_ends() -> None:
    """fp8_e4m3: codes 0x7f and 0xff are NaN, the end is 448."""
    found = fixed_point(get_format("fp8_e4m3")).integers
    assert (found[0x7E], found[0x7F]) == (448 * 2**9, 448 * 2**9)


def test_sums_are_in_order() -> None:
    """In float32 1e8 + 1 - 1e8 is 0 from left to right, and 1 in another order."""
    x = np.array([1e8, 1, -1e8, 0], np.float32).reshape(1, 1, 2, 2)
    assert avg_pool(x, Window((2, 2), (2, 2), (0, 0))).item() == 0


def test_softmax_adds_up_to_one_in_each_head() -> None:
    found = softmax(drawn("x", (2, 6, 3, 1), seed=0), heads=2)
    np.testing.assert_allclose(found.reshape(2, 2, 3, 3, 1).sum(axis=2), 1, rtol=1e-6)


def test_what_is_drawn_depends_on_seed_and_name_alone() -> None:
    first = drawn_layer("a", (8, 4, 3, 3), get_format("dybit4"), 0, has_bias=True)
    again = drawn_layer("a", (8, 4, 3, 3), get_format("dybit4"), 0, has_bias=True)
    other = drawn_layer("b", (8, 4, 3, 3), get_format("dybit4"), 0, has_bias=False)
    assert np.array_equal(first.codes, again.codes)
    assert not np.array_equal(first.codes, other.codes)
    assert (first.bias != 0).all()
    assert not other.bias.any()
