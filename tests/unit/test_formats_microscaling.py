"""OCP MX: elements, scales and whole blocks against the standard's tables, ml_dtypes and gfloat."""

import math
import re
from pathlib import Path

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import pytest

from quant import DataError, NumberFormat, get_format
from quant.e8m0 import e8m0_bytes, e8m0_scales
from quant.formats.microscaling import ELEMENTS
from quant.granularity import Granularity
from quant.scaling import LeastError, Percentile, choose_scales

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
# OCP MX 1.0: element, largest value and emax of each format; the largest INT8 is 1 + 63/64.
STANDARD = {
    "mxfp4": ("fp4_e2m1", 6, 2),
    "mxfp6_e3m2": ("fp6_e3m2", 28, 4),
    "mxfp6_e2m3": ("fp6_e2m3", 7.5, 2),
    "mxfp8_e4m3": ("fp8_e4m3", 448, 8),
    "mxfp8_e5m2": ("fp8_e5m2", 57344, 15),
    "mxint8": ("int8", 127 / 64, 0),
}
FORMATS = [get_format(name) for name in ELEMENTS]
GFLOAT = {info.name.removesuffix("_e2m1"): info for info in gfloat.formats.all_block_formats}
E8M0 = np.arange(256, dtype=np.uint8)


def blocks() -> np.ndarray:
    """Blocks of 32 of every magnitude: zeros, subnormals, the largest float32, near powers of two, a few outliers."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 32)) * np.exp2(rng.uniform(-149, 125, (300, 1)))
    rows[0], rows[1, 1:], rows[2] = 0, 0, np.finfo(np.float32).max
    rows[3], rows[4] = 2.0**-149, -(2.0**-140)
    rows[5:40] = np.nextafter(np.exp2(np.arange(-17, 18.0)), 0)[:, None]
    rows[40:80, 7] *= 1000
    return rows.astype(np.float32)


def decoded(x: np.ndarray, number_format: NumberFormat) -> np.ndarray:
    scales = choose_scales(x, number_format, Granularity(0))[:, None]
    return number_format.decode(number_format.encode(x, scales), scales)


@pytest.mark.parametrize("name", STANDARD)
def test_elements_are_those_of_the_standard(name: str) -> None:
    element, largest, emax = STANDARD[name]
    number_format = get_format(name)
    unit = 1 / 64 if name == "mxint8" else 1
    assert np.array_equal(number_format.codebook, get_format(element).codebook * unit, equal_nan=True)
    assert number_format.max_value == -number_format.min_value == largest
    assert math.floor(math.log2(largest)) == emax
    assert f"| `{name}` | `{element}`" in PAGE
    assert re.search(rf"`{name}` \|.*\| {emax} \|", PAGE)


@pytest.mark.parametrize("number_format", FORMATS, ids=str)
def test_elements_are_those_of_gfloat(number_format: NumberFormat) -> None:
    info = GFLOAT[number_format.name]
    assert (info.element_bits, info.scale_bits, info.k) == (
        number_format.bits,
        number_format.scale_bits,
        number_format.block_size,
    )
    values = [gfloat.decode_float(info.etype, code).fval for code in range(2**number_format.bits)]
    assert np.array_equal(number_format.codebook, values, equal_nan=True)


@pytest.mark.parametrize("number_format", FORMATS, ids=str)
def test_blocks_are_those_of_gfloat(number_format: NumberFormat) -> None:
    """But for the one code that is not produced here: gfloat's mxint8 has -2."""
    info, x = GFLOAT[number_format.name], blocks()
    expected = [gfloat.quantize_block(info, row.astype(np.float64), gfloat.compute_scale_amax) for row in x]
    if number_format.name == "mxint8":
        scales = choose_scales(x, number_format, Granularity(0)).astype(np.float64)[:, None]
        expected = np.maximum(expected, -127 / 64 * scales)
    assert np.array_equal(decoded(x, number_format), expected)


def test_scale_bytes_are_those_of_ml_dtypes() -> None:
    scales = E8M0.view(ml_dtypes.float8_e8m0fnu).astype(np.float32)
    assert np.array_equal(e8m0_scales(E8M0), scales, equal_nan=True)
    assert np.array_equal(e8m0_bytes(scales[:255]), E8M0[:255])
    assert np.array_equal(scales[:255], np.exp2(np.arange(-127.0, 128)))


@pytest.mark.parametrize("scale", [3.0, 2.0**-128, 0.0, -1.0, math.inf, math.nan])
def test_what_8_bits_do_not_hold_is_no_scale(scale: float) -> None:
    with pytest.raises(DataError, match="powers of two"):
        e8m0_bytes(np.array([1, scale], np.float32))


def test_examples_of_the_page() -> None:
    mxfp4 = get_format("mxfp4")
    x = np.array([[7, 1.3], [0.3, -0.3]], np.float32)
    scales = choose_scales(x, mxfp4, Granularity(0))
    assert scales.tolist() == [1, 2**-4]
    assert e8m0_bytes(scales).tolist() == [127, 123]
    assert decoded(x, mxfp4).tolist() == [[6, 1.5], [0.25, -0.25]]


@pytest.mark.parametrize("number_format", FORMATS, ids=str)
def test_a_row_is_cut_into_blocks_of_32(number_format: NumberFormat) -> None:
    x = np.random.default_rng(1).standard_normal((3, 5, 8)).astype(np.float32)
    scales = choose_scales(x, number_format, Granularity(0))
    by_hand = [choose_scales(part, number_format)[0] for row in x.reshape(3, 40) for part in (row[:32], row[32:])]
    assert scales.tolist() == by_hand
    assert np.array_equal(scales, choose_scales(x, number_format, Granularity(0, 32)))
    with pytest.raises(DataError, match="group size 16"):
        choose_scales(x, number_format, Granularity(0, 16))


@pytest.mark.parametrize("number_format", FORMATS, ids=str)
def test_other_methods_give_powers_of_two_and_the_search_no_larger_error(number_format: NumberFormat) -> None:
    x = np.random.default_rng(2).standard_normal((100, 32)).astype(np.float32)
    errors = []
    for method in (None, LeastError(), Percentile()):
        scales = choose_scales(x, number_format, Granularity(0), method)
        e8m0_bytes(scales)
        back = number_format.decode(number_format.encode(x, scales[:, None]), scales[:, None])
        errors.append(np.sum((back - x) ** 2, axis=1))
    assert np.all(errors[1] <= np.minimum(errors[0], errors[2]) * (1 + 1e-9))
