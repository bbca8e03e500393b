"""The scales of a tensor: per tensor, channel or group; of least error, by the largest number, or by a percentile.

A format of blocks (OCP MX) brings its group size, and a rule that is used if no other is asked for. See
`docs/scales.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from quant.e8m0 import HIGHEST, LOWEST
from quant.errors import DataError
from quant.formats.descriptor import NumberFormat
from quant.granularity import Granularity
from quant.scale_error import Float32Array, Float64Array
from quant.scale_search import least_error_scales

WIDEST_SCALED_BITS = 8
"""Wider formats are floats with a range of their own, which are stored at scale 1."""

_FLOAT32 = np.finfo(np.float32)


class ScaleMethod(Protocol):
    """How a scale is chosen for each row of numbers."""

    def scales(self, rows: Float32Array, number_format: NumberFormat, power_of_two: bool) -> Float64Array:
        """A scale for each row, shape (rows,); 1 where a row has nothing that the format shows."""


@dataclass(frozen=True)
class LeastError:
    """The scale of least squared error: `quant/scale_search.py` says how it is found."""

    def scales(self, rows: Float32Array, number_format: NumberFormat, power_of_two: bool) -> Float64Array:
        return least_error_scales(rows, number_format, power_of_two)


@dataclass(frozen=True)
class Percentile:
    """The scale that puts a percentile of |x| at the end of the format's range; 100, the default, is the largest |x|.

    Of n numbers, the floor(n * (100 - percentile) / 100) largest lie beyond. A power of two is rounded up.
    """

    percentile: float = 100.0

    def __post_init__(self) -> None:
        if not 0 < self.percentile <= 100:
            raise DataError(f"percentile {self.percentile}", "above 0, up to 100")

    def scales(self, rows: Float32Array, number_format: NumberFormat, power_of_two: bool) -> Float64Array:
        magnitudes = np.abs(rows) if number_format.min_value < 0 else np.maximum(rows, 0)
        beyond = math.floor(rows.shape[1] * (100 - self.percentile) / 100)
        place = rows.shape[1] - 1 - beyond
        ends = np.partition(magnitudes, place, axis=1)[:, place].astype(np.float64)
        ends = np.where(ends > 0, ends, magnitudes.max(axis=1))  # a few numbers among zeros are not clipped to nothing
        scales = np.where(ends > 0, ends / number_format.max_value, 1.0)
        return np.exp2(np.ceil(np.log2(scales))) if power_of_two else scales


@dataclass(frozen=True)
class SharedExponent:
    """2^(floor(log2 max|x|) - emax), emax = floor(log2 max_value) of the format. Source: OCP MX 1.0, section 6.3."""

    def scales(self, rows: Float32Array, number_format: NumberFormat, power_of_two: bool) -> Float64Array:
        largest = np.abs(rows).max(axis=1)
        exponents = np.frexp(largest)[1] - math.frexp(number_format.max_value)[1]
        return np.where(largest > 0, np.ldexp(1.0, exponents), 1.0)


METHODS: dict[str, type[LeastError] | type[Percentile]] = {
    "rmse": LeastError,
    "max": Percentile,
    "percentile": Percentile,
}


def choose_scales(
    x: npt.ArrayLike,
    number_format: NumberFormat,
    granularity: Granularity | None = None,
    method: ScaleMethod | None = None,
    *,
    power_of_two: bool = False,
    name: str = "tensor",
) -> Float32Array:
    """The scales of `x`, one for each row of `granularity.rows(x)` (by default one in all), shape (scales,), positive.

    `method` is by default the scale of least root mean square error. For a format of blocks the rows are cut into
    them, scales are powers of two from 2^-127 to 2^127, and `method` is by default the standard's rule. An all-zero
    row gets scale 1; so does every row for a format of more than 8 bits. Raises DataError, with the tensor's `name`,
    for an empty tensor, for NaN and infinities (which it counts), and for numbers beyond float32; and for a group
    size that is not the format's.
    """
    rows = (granularity or Granularity()).with_blocks(number_format.block_size).rows(checked_numbers(x, name))
    if number_format.bits > WIDEST_SCALED_BITS:
        return np.ones(rows.shape[0], np.float32)
    if number_format.block_size is not None:
        found = (method or SharedExponent()).scales(rows, number_format, power_of_two=True)
        return np.clip(found, LOWEST, HIGHEST).astype(np.float32)
    found = (method or LeastError()).scales(rows, number_format, power_of_two)
    return np.clip(found, _FLOAT32.tiny, HIGHEST if power_of_two else _FLOAT32.max).astype(np.float32)


def checked_numbers(x: npt.ArrayLike, name: str) -> Float32Array:
    """`x` in float32, if it is real, finite and not empty; else raises DataError with the tensor's `name`."""
    numbers = np.asarray(x)
    if numbers.dtype.kind not in "fiu" and numbers.dtype.name != "bfloat16":
        raise DataError(f"{name}: array of {numbers.dtype}", "real numbers")
    if not numbers.size:
        raise DataError(f"{name}: empty, shape {numbers.shape}", "at least one number")
    with np.errstate(over="ignore"):
        single = numbers.astype(np.float32, copy=False)
    if not np.isfinite(single).all():
        nan_count, infinite_count = int(np.isnan(single).sum()), int(np.isinf(single).sum())
        found = f"{name}: {nan_count} NaN and {infinite_count} infinite (in float32) of {single.size} numbers"
        raise DataError(found, "finite numbers")
    return single
