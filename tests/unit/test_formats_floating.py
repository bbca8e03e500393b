"""FP32, FP16 and BF16 against numpy, ml_dtypes and the struct module."""

import math
import struct

import ml_dtypes
import numpy as np
import pytest

from quant import get_format

SMALL = [("fp16", np.float16), ("bf16", ml_dtypes.bfloat16)]


def wide_range_numbers(seed: int) -> np.ndarray:
    """float32 numbers of every exponent, subnormals included, NaN and infinities left out."""
    patterns = np.random.default_rng(seed).integers(0, 2**32, 20_000, dtype=np.uint32)
    numbers = patterns.view(np.float32)
    return numbers[np.isfinite(numbers)]


@pytest.mark.parametrize(("name", "dtype"), SMALL, ids=str)
def test_codebook_is_every_bit_pattern(name: str, dtype: type) -> None:
    with np.errstate(invalid="ignore"):  # signalling NaNs
        expected = np.arange(2**16, dtype=np.uint16).view(dtype).astype(np.float64)
    assert np.array_equal(get_format(name).codebook, expected, equal_nan=True)


@pytest.mark.parametrize(("name", "dtype"), SMALL, ids=str)
def test_encode_is_the_usual_cast_but_saturates(name: str, dtype: type) -> None:
    number_format = get_format(name)
    x = wide_range_numbers(seed=0)
    with np.errstate(over="ignore"):
        cast = x.astype(dtype).astype(np.float64)
    expected = np.clip(cast, -number_format.max_value, number_format.max_value)
    assert np.array_equal(number_format.decode(number_format.encode(x)), expected)
    assert number_format.encode(x).dtype == np.uint16


@pytest.mark.parametrize(("name", "dtype"), SMALL, ids=str)
def test_limits(name: str, dtype: type) -> None:
    largest = float(ml_dtypes.finfo(dtype).max)
    assert get_format(name).max_value == largest
    assert get_format(name).decode(get_format(name).encode([math.inf, -math.inf])).tolist() == [largest, -largest]


def test_float64_is_rounded_once() -> None:
    """Just above the midpoint of two BF16 numbers, by less than float32 can tell: by way of float32 it would tie."""
    just_above_midpoint = 1 + 2.0**-8 + 2.0**-40
    assert get_format("bf16").decode(get_format("bf16").encode(just_above_midpoint)) == 1 + 2.0**-7


def test_fp32_is_the_identity() -> None:
    fp32 = get_format("fp32")
    x = wide_range_numbers(seed=1)
    codes = fp32.encode(x)
    assert codes.dtype == np.uint32
    assert np.array_equal(codes, x.view(np.uint32))
    assert np.array_equal(fp32.decode(codes, dtype=np.float32), x)
    assert np.array_equal(fp32.decode(codes, 2.0), x.astype(np.float64) * 2.0)


def test_fp32_scalar_reference_agrees() -> None:
    fp32 = get_format("fp32")
    numbers = [0.0, -0.0, 1.0, -1.5, 1e-45, 1e300, -1e300, math.inf, -math.inf, 0.1, 1 + 2.0**-24, 1 + 3 * 2.0**-24]
    for scale in (1.0, 0.3):
        assert fp32.encode(numbers, scale).tolist() == [fp32.scalar_encode(x, scale) for x in numbers]
    for code in fp32.encode(numbers).tolist():
        assert fp32.scalar_decode(code) == fp32.decode([code])[0] == struct.unpack("<f", struct.pack("<I", code))[0]
    assert fp32.max_value == np.finfo(np.float32).max


def test_floats_are_signed_and_undecoded() -> None:
    for name in ("fp32", "fp16", "bf16"):
        assert get_format(name, signed=False) is not None
        assert get_format(name, signed=False).signed
        assert not get_format(name).needs_decoder
