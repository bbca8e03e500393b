"""The vectorised encoder and decoder against the scalar references, and what they refuse."""

import math
from itertools import pairwise

import ml_dtypes
import numpy as np
import pytest

from quant import DataError, NumberFormat, format_names, get_format

NARROW = [get_format(n, signed) for n in format_names() if get_format(n).bits <= 8 for signed in (True, False)]
EVERY = [*NARROW, get_format("fp16"), get_format("bf16"), get_format("fp32")]
SCALES = [1.0, 0.3, 2.0**-7, 1e-3, 1234.5]


def probes(number_format: NumberFormat, dtype: type[np.floating]) -> np.ndarray:
    """All values, the midpoints between neighbours, the next number on both sides of each, the ends and beyond."""
    produced = sorted({v for v in number_format.codebook.tolist() if number_format.min_value <= v < math.inf})
    midpoints = [(below + above) / 2 for below, above in pairwise(produced)]
    centres = np.array([*produced, *midpoints, 0.0], dtype=dtype)
    far = np.array([math.inf, -math.inf, np.finfo(dtype).max, np.finfo(dtype).min, np.finfo(dtype).tiny, -0.0], dtype)
    return np.concatenate([centres, np.nextafter(centres, dtype(np.inf)), np.nextafter(centres, dtype(-np.inf)), far])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number_format", NARROW, ids=str)
def test_encode_agrees_with_the_reference_at_every_boundary(
    number_format: NumberFormat, dtype: type[np.floating]
) -> None:
    x = probes(number_format, dtype)
    assert number_format.encode(x).tolist() == [number_format.scalar_encode(v) for v in x.tolist()]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("number_format", NARROW, ids=str)
def test_encode_agrees_with_the_reference_at_every_scale(number_format: NumberFormat, scale: float) -> None:
    with np.errstate(over="ignore"):
        x = probes(number_format, np.float64) * scale
    assert number_format.encode(x, scale).tolist() == [number_format.scalar_encode(v, scale) for v in x.tolist()]


@pytest.mark.parametrize("name", ["fp16", "bf16"])
def test_wide_formats_agree_with_the_reference(name: str) -> None:
    number_format = get_format(name)
    below, above = number_format.codebook[1000:1100], number_format.codebook[1001:1101]
    midpoints = (below + above) / 2
    x = np.concatenate([midpoints, -midpoints, np.nextafter(midpoints, 0), np.nextafter(midpoints, np.inf)])
    assert number_format.encode(x).tolist() == [number_format.scalar_encode(v) for v in x.tolist()]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("number_format", NARROW, ids=str)
def test_decode_agrees_with_the_reference_for_every_code(number_format: NumberFormat, scale: float) -> None:
    codes = range(2**number_format.bits)
    expected = [number_format.scalar_decode(code, scale) for code in codes]
    assert np.array_equal(number_format.decode(list(codes), scale), expected, equal_nan=True)
    in_float32 = number_format.decode(list(codes), scale, dtype=np.float32)
    with np.errstate(over="ignore"):
        assert np.array_equal(in_float32, np.array(expected).astype(np.float32), equal_nan=True)


@pytest.mark.parametrize("number_format", NARROW, ids=str)
def test_ties_go_to_the_even_code(number_format: NumberFormat) -> None:
    """And to the upper value where neither code is even: flint's codes do not count upwards."""
    finite = number_format.codebook[np.isfinite(number_format.codebook)]
    code_of = {float(number_format.value_of(c)): c for c in number_format.encode(finite).tolist()}
    for below, above in pairwise(sorted(code_of)):
        expected = code_of[below] if code_of[below] % 2 == 0 else code_of[above]
        assert number_format.encode([(below + above) / 2]).tolist() == [expected]
        assert expected % 2 == 0 or number_format.name.startswith("flint")


@pytest.mark.parametrize("number_format", NARROW, ids=str)
def test_what_is_representable_comes_back(number_format: NumberFormat) -> None:
    kept = number_format.codebook[number_format.codebook >= number_format.min_value]
    kept = kept[np.isfinite(kept)]
    for scale in SCALES:
        assert np.array_equal(number_format.decode(number_format.encode(kept * scale, scale), scale), kept * scale)


@pytest.mark.parametrize("number_format", EVERY, ids=str)
def test_shapes_types_and_memory_orders(number_format: NumberFormat) -> None:
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    codes = number_format.encode(x)
    assert codes.shape == x.shape
    assert codes.dtype == {8: np.uint8, 16: np.uint16, 32: np.uint32}[max(8, number_format.bits)]
    assert np.array_equal(number_format.encode(x.transpose()), codes.transpose())
    assert np.array_equal(number_format.decode(codes[:, ::-1]), number_format.decode(codes)[:, ::-1])
    assert number_format.encode(x.tolist()).tolist() == codes.tolist()
    assert number_format.encode(0.5).shape == number_format.decode(np.uint8(0)).shape == ()
    assert number_format.encode([]).shape == number_format.decode([]).shape == (0,)
    assert number_format.decode(codes).dtype == np.float64
    assert number_format.decode(codes, dtype=np.float32).dtype == np.float32


def test_arrays_longer_than_a_block() -> None:
    x = np.random.default_rng(0).standard_normal(100_003).astype(np.float32)
    dybit4 = get_format("dybit4")
    codes = dybit4.encode(x, 0.5)
    assert np.array_equal(codes, np.concatenate([dybit4.encode(part, 0.5) for part in np.array_split(x, 97)]))
    assert np.array_equal(dybit4.decode(codes, 0.5), dybit4.codebook[codes] * 0.5)


@pytest.mark.parametrize("number_format", EVERY, ids=str)
def test_scale_per_channel_is_scale_by_scale(number_format: NumberFormat) -> None:
    x = np.random.default_rng(0).standard_normal((3, 50))
    scales = np.array([0.1, 1.0, 7.0])
    codes = number_format.encode(x, scales[:, None])
    decoded = number_format.decode(codes, scales[:, None], dtype=np.float32)
    for row, scale in enumerate(scales):
        assert np.array_equal(codes[row], number_format.encode(x[row], scale))
        assert np.array_equal(decoded[row], number_format.decode(codes[row], scale, dtype=np.float32))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_narrow_input_is_divided_in_float32(dtype: type) -> None:
    x = np.linspace(-2, 2, 1001).astype(dtype)
    dybit8 = get_format("dybit8")
    quotients = x.astype(np.float32) / np.float32(0.3)
    assert np.array_equal(dybit8.encode(x, 0.3), dybit8.encode(quotients))


def test_integer_input_is_divided_in_float64() -> None:
    assert get_format("int8").encode([2**53 + 1, -3], 2.0).tolist() == [127, 256 - 2]


@pytest.mark.parametrize("number_format", EVERY, ids=str)
def test_nan_is_refused_and_counted(number_format: NumberFormat) -> None:
    for dtype in (np.float32, np.float64):
        with pytest.raises(DataError, match=f"{number_format.name}: 2 of 4 numbers are NaN"):
            number_format.encode(np.array([1.0, math.nan, 2.0, math.nan], dtype))
    with pytest.raises(DataError, match="NaN"):
        number_format.scalar_encode(math.nan)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("number_format", EVERY, ids=str)
def test_scale_must_be_positive_and_finite(number_format: NumberFormat, scale: float) -> None:
    with pytest.raises(DataError, match="positive finite"):
        number_format.encode([1.0], scale)
    with pytest.raises(DataError, match="positive finite"):
        number_format.decode([1], [1.0, scale])
    with pytest.raises(DataError, match="positive finite"):
        number_format.scalar_encode(1.0, scale)
    with pytest.raises(DataError, match="positive finite"):
        number_format.scalar_decode(1, scale)


def test_scale_that_float32_cannot_hold_is_refused_for_float32_input() -> None:
    with pytest.raises(DataError, match="float32"):
        get_format("int4").encode(np.float32([1.0]), 1e-60)


@pytest.mark.parametrize("shape", [(3,), (2, 1, 1), (4, 2)])
def test_scale_must_broadcast_to_the_numbers(shape: tuple[int, ...]) -> None:
    for name in ("dybit4", "fp32"):
        with pytest.raises(DataError, match="broadcasts"):
            get_format(name).encode(np.zeros((4, 4)), np.ones(shape))
        with pytest.raises(DataError, match="broadcasts"):
            get_format(name).decode(np.zeros((4, 4), np.uint8), np.ones(shape))


@pytest.mark.parametrize("number_format", EVERY, ids=str)
def test_codes_out_of_range_are_refused(number_format: NumberFormat) -> None:
    for code in (-1, 2**number_format.bits):
        with pytest.raises(DataError, match=f"code {code}"):
            number_format.decode([0, code])
        with pytest.raises(DataError, match=f"code {code}"):
            number_format.scalar_decode(code)


def test_what_is_not_a_real_number_is_refused() -> None:
    dybit4 = get_format("dybit4")
    for not_numbers in (["1"], [1j], [True], [None]):
        with pytest.raises(DataError, match="real numbers"):
            dybit4.encode(not_numbers)
    with pytest.raises(DataError, match="integers"):
        dybit4.decode([1.0])
    with pytest.raises(DataError, match="floating types"):
        dybit4.decode([1], dtype=np.int32)
    with pytest.raises(DataError, match="positive finite"):
        dybit4.encode([1.0], "2")
