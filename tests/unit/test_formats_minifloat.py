"""Minifloats against the OCP tables, ml_dtypes and gfloat."""

import gfloat
import ml_dtypes
import numpy as np
import pytest

from quant import DecodeCost, NumberFormat, get_format
from quant.formats.minifloat import SPLITS, minifloat_name

WITH_A_DTYPE = [
    ("fp4_e2m1", ml_dtypes.float4_e2m1fn),
    ("fp6_e2m3", ml_dtypes.float6_e2m3fn),
    ("fp6_e3m2", ml_dtypes.float6_e3m2fn),
    ("fp8_e4m3", ml_dtypes.float8_e4m3fn),
    ("fp8_e5m2", ml_dtypes.float8_e5m2),
]
# Largest numbers: OFP8 1.0, table 2, and OCP MX 1.0, tables 3 and 5.
LARGEST = {"fp4_e2m1": 6, "fp6_e2m3": 7.5, "fp6_e3m2": 28, "fp8_e4m3": 448, "fp8_e5m2": 57344}


def gfloat_info(exponent_bits: int, mantissa_bits: int, *, signed: bool) -> gfloat.FormatInfo:
    """The same split described in gfloat's terms."""
    mantissa_bits += not signed
    ieee, one_nan = (
        exponent_bits == 5 and mantissa_bits == 3 - signed,
        exponent_bits == 4 and mantissa_bits == 4 - signed,
    )
    return gfloat.FormatInfo(
        "split",
        k=signed + exponent_bits + mantissa_bits,
        precision=mantissa_bits + 1,
        bias=2 ** (exponent_bits - 1) - 1,
        is_signed=signed,
        domain=gfloat.Domain.Extended if ieee else gfloat.Domain.Finite,
        has_nz=signed,
        num_high_nans=2**mantissa_bits - 1 if ieee else int(one_nan),
        has_subnormals=True,
        is_twos_complement=False,
    )


@pytest.mark.parametrize(("name", "largest"), LARGEST.items())
def test_largest_numbers_are_those_of_the_specifications(name: str, largest: float) -> None:
    assert get_format(name).max_value == largest


@pytest.mark.parametrize(("name", "dtype"), WITH_A_DTYPE, ids=str)
def test_codes_are_the_bytes_of_ml_dtypes(name: str, dtype: type) -> None:
    number_format = get_format(name)
    codes = np.arange(2**number_format.bits, dtype=np.uint8)
    assert np.array_equal(number_format.codebook, codes.view(dtype).astype(np.float64), equal_nan=True)


@pytest.mark.parametrize(("name", "dtype"), WITH_A_DTYPE, ids=str)
def test_encode_is_the_cast_of_ml_dtypes_but_saturates(name: str, dtype: type) -> None:
    number_format = get_format(name)
    x = np.random.default_rng(0).standard_normal(20_000).astype(np.float32) * np.float32(number_format.max_value / 4)
    clipped = np.clip(x, number_format.min_value, number_format.max_value)
    assert np.array_equal(number_format.decode(number_format.encode(x)), clipped.astype(dtype).astype(np.float64))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_every_split_is_what_gfloat_makes_of_it(split: tuple[int, int], signed: bool) -> None:
    info = gfloat_info(*split, signed=signed)
    number_format = get_format(minifloat_name(*split), signed)
    expected = [gfloat.decode_float(info, code).fval for code in range(2**info.k)]
    assert np.array_equal(number_format.codebook, expected, equal_nan=True)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_gfloat_rounds_every_midpoint_and_its_neighbours_alike(split: tuple[int, int], signed: bool) -> None:
    info = gfloat_info(*split, signed=signed)
    number_format = get_format(minifloat_name(*split), signed)
    values = np.unique(number_format.codebook[np.isfinite(number_format.codebook)])
    midpoints = (values[1:] + values[:-1]) / 2
    x = np.concatenate([values, midpoints, np.nextafter(midpoints, np.inf), np.nextafter(midpoints, -np.inf)])
    expected = [gfloat.round_float(info, number, gfloat.RoundMode.TiesToEven, True) for number in x.tolist()]
    assert np.array_equal(number_format.decode(number_format.encode(x)), expected)


def test_unsigned_fp4_is_an_e2m2() -> None:
    """The sign bit becomes a mantissa bit, so that nothing is lost after a ReLU."""
    e2m2 = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7]
    assert get_format("fp4_e2m1", signed=False).codebook.tolist() == e2m2


def test_signed_dybit3_is_half_an_e2m0() -> None:
    assert (get_format("dybit3").codebook * 2).tolist() == get_format("fp3_e2m0").codebook.tolist()


@pytest.mark.parametrize("number_format", [get_format(minifloat_name(*split)) for split in SPLITS], ids=str)
def test_floats_enter_the_array_undecoded(number_format: NumberFormat) -> None:
    assert number_format.decode_cost is DecodeCost.FIXED_FIELDS
