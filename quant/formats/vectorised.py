"""Encode and decode whole arrays with numpy, for any format that has a codebook.

Encoding is a staircase: between two thresholds every quotient has the same code. The upper half of a number's float32
pattern (sign, exponent, 7 mantissa bits) names one of 65536 *buckets*, which follow each other in order of value. As
long as no bucket holds two thresholds, a bucket's threshold and the codes below and above it are all there is to know:

    code = codes[2 * bucket + (quotient >= threshold[bucket])]

Two look-ups for each number, whatever the width. Formats of up to 8 bits and BF16 are coarse enough for that; FP16
falls back to binary search. The rounding to float32 that picks the bucket never decides a code: it preserves order, and
the comparison with the threshold is made at full precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quant.errors import DataError

Array = npt.NDArray[Any]

_BUCKETS = 2**16
_BLOCK = 2**15  # numbers at a time, so that what passes between the steps stays in a core's own cache


def constant(values: Sequence[float]) -> npt.NDArray[np.float64]:
    """The values as a read-only float64 array."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def code_dtype(bits: int) -> type[np.unsignedinteger[Any]]:
    """The narrowest unsigned type that holds codes of `bits` bits."""
    return np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32


@dataclass(frozen=True)
class Staircase:
    """The thresholds for quotients of one float type.

    A quotient's rung is the number of `thresholds` (rising, shape (rungs - 1,)) that it reaches. `bucket_threshold`
    and `bucket_codes` hold the same by bucket, shapes (65536,) and (131072,), or None where a bucket has several.
    """

    thresholds: Array
    rung_codes: Array
    bucket_threshold: Array | None
    bucket_codes: Array | None

    @classmethod
    def of(cls, values: Array, rung_codes: Array, dtype: type[np.floating[Any]]) -> Staircase:
        thresholds = _thresholds(values, rung_codes, dtype)
        order = _order(_buckets(thresholds))
        if np.any(order[1:] == order[:-1]):
            return cls(thresholds, rung_codes, None, None)
        every_order = _order(np.arange(_BUCKETS, dtype=np.int64))
        rungs_below = np.searchsorted(order, every_order, side="left")
        rungs_up_to = np.searchsorted(order, every_order, side="right")
        bucket_threshold = np.append(thresholds, thresholds[-1])[rungs_below]  # any number will do where there is none
        bucket_codes = rung_codes[np.stack([rungs_below, rungs_up_to], axis=1)].reshape(-1)
        return cls(thresholds, rung_codes, bucket_threshold, bucket_codes)


@dataclass(frozen=True)
class EncodeTable:
    """What the vectorised encoder of one format looks up: a staircase for float32 quotients, one for float64."""

    single: Staircase
    double: Staircase

    @classmethod
    def of(cls, ladder: Sequence[tuple[float, int]], bits: int) -> EncodeTable:
        """From (value, code) in rising order of value. Midpoints of neighbours must be exact in float64."""
        values = np.array([value for value, _ in ladder], dtype=np.float64)
        codes = np.array([code for _, code in ladder], dtype=code_dtype(bits))
        return cls(Staircase.of(values, codes, np.float32), Staircase.of(values, codes, np.float64))


def _thresholds(values: Array, codes: Array, dtype: type[np.floating[Any]]) -> Array:
    """The lowest numbers of `dtype` that take the upper of two neighbours: at or above the midpoint if the upper code
    is even, so that it wins the tie; else above it."""
    midpoints = (values[:-1] + values[1:]) / 2
    nearest = midpoints.astype(dtype)
    lower_wins_tie = codes[:-1] % 2 == 0
    too_low = (nearest < midpoints) | ((nearest == midpoints) & lower_wins_tie)
    return np.where(too_low, np.nextafter(nearest, dtype(np.inf)), nearest)


def _buckets(quotients: Array) -> Array:
    return (quotients.astype(np.float32, copy=False).view(np.uint32) >> np.uint32(16)).astype(np.int64)


def _order(buckets: Array) -> Array:
    """Sorts buckets by value: those of negative numbers (the upper half) come first, in reverse."""
    return np.where(buckets >= _BUCKETS // 2, _BUCKETS - 1 - buckets, buckets + _BUCKETS // 2)


def encode(name: str, table: EncodeTable, x: npt.ArrayLike, scale: npt.ArrayLike) -> Array:
    """Codes of `x / scale` by `table`; `NumberFormat.encode` says what is allowed. Reads `x` once, block by block."""
    numbers, divisor = _operands(name, x, scale)
    if divisor.size > 1:
        numbers, divisor = _divide(numbers, divisor), divisor.dtype.type(1)
    stairs = table.single if numbers.dtype == np.float32 else table.double
    flat = numbers.reshape(-1)
    codes = np.empty(flat.shape, stairs.rung_codes.dtype)
    for start in range(0, flat.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        quotients = _divide(flat[block], divisor)
        if np.isnan(quotients).any():
            raise _nan_error(name, numbers)
        _climb(stairs, quotients, codes[block])
    return codes.reshape(numbers.shape)


def _climb(stairs: Staircase, quotients: Array, out: Array) -> None:
    if stairs.bucket_threshold is None or stairs.bucket_codes is None:
        stairs.rung_codes.take(np.searchsorted(stairs.thresholds, quotients, side="right"), out=out)
        return
    with np.errstate(over="ignore"):  # a float64 beyond float32 belongs to the outermost bucket, that of infinity
        index = _buckets(quotients)
    above = quotients >= stairs.bucket_threshold.take(index, mode="clip")
    index *= 2
    index += above
    stairs.bucket_codes.take(index, out=out, mode="clip")


def decode(name: str, codebook: Array, codes: npt.ArrayLike, scale: npt.ArrayLike, dtype: npt.DTypeLike) -> Array:
    """`codebook[codes] * scale`; `NumberFormat.decode` says what is allowed."""
    _check_result_type(dtype)
    indices, factor = _codes(name, codebook.size, codes), _scale(scale)
    per_tensor = factor.size == 1
    with np.errstate(over="ignore"):  # too large for dtype is infinite, as decode says
        table = (codebook * factor.reshape(()) if per_tensor else codebook).astype(dtype)
    flat = indices.reshape(-1)
    values = np.empty(flat.shape, table.dtype)
    for start in range(0, flat.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        table.take(flat[block].astype(np.int64), out=values[block], mode="clip")
    values = values.reshape(indices.shape)
    if not per_tensor:
        _check_broadcast(factor, values.shape)
        with np.errstate(over="ignore"):
            np.multiply(values, factor, out=values, casting="same_kind")
    return values


def encode_float32(name: str, limit: float, x: npt.ArrayLike, scale: npt.ArrayLike) -> Array:
    """The float32 patterns of `x / scale`, saturated at +-limit."""
    numbers, divisor = _operands(name, x, scale)
    quotients = _divide(numbers, divisor)
    if np.isnan(quotients).any():
        raise _nan_error(name, numbers)
    return np.clip(quotients, -limit, limit).astype(np.float32).view(np.uint32)


def decode_float32(name: str, codes: npt.ArrayLike, scale: npt.ArrayLike, dtype: npt.DTypeLike) -> Array:
    """The numbers that float32 patterns stand for, times `scale`."""
    _check_result_type(dtype)
    patterns, factor = _codes(name, 2**32, codes).astype(np.uint32), _scale(scale)
    _check_broadcast(factor, patterns.shape)
    with np.errstate(over="ignore"):
        return np.asarray(patterns.view(np.float32) * factor).astype(dtype)


def _divide(numbers: Array, divisor: Array) -> Array:
    with np.errstate(over="ignore", under="ignore"):  # the first saturates, the second is 0: both are what encode says
        return np.asarray(numbers / divisor)


def _operands(name: str, x: npt.ArrayLike, scale: npt.ArrayLike) -> tuple[Array, Array]:
    """Numbers and scale in the precision of their quotient, checked."""
    numbers = np.asarray(x)
    if numbers.dtype.kind not in "fiu" and numbers.dtype.name != "bfloat16":
        raise DataError(f"{name}: array of {numbers.dtype}", "real numbers")
    narrow = numbers.dtype.name in ("float32", "float16", "bfloat16")
    numbers = numbers.astype(np.float32 if narrow else np.float64, order="C", copy=False)
    divisor = _scale(scale, numbers.dtype)
    _check_broadcast(divisor, numbers.shape)
    return numbers, divisor.reshape(()) if divisor.size == 1 else divisor


def _scale(scale: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
    given = np.asarray(scale)
    if given.dtype.kind not in "fiu":
        raise DataError(f"scale of type {given.dtype}", "positive finite numbers")
    with np.errstate(over="ignore", under="ignore"):  # what leaves the range of dtype is refused below
        rounded = given.astype(dtype)
    bad = ~((rounded > 0) & np.isfinite(rounded))
    if bad.any():
        raise DataError(f"scale {given[bad].reshape(-1)[0]}", f"positive finite numbers of {rounded.dtype}")
    return rounded


def _codes(name: str, count: int, codes: npt.ArrayLike) -> Array:
    indices = np.asarray(codes, order="C")
    if indices.dtype.kind not in "iu" and indices.size:
        raise DataError(f"{name}: codes of type {indices.dtype}", "integers")
    for extreme in (indices.min(), indices.max()) if indices.size else ():
        if not 0 <= extreme < count:
            raise DataError(f"{name}: code {extreme}", f"0 to {count - 1}")
    return indices


def _check_broadcast(scale: Array, shape: tuple[int, ...]) -> None:
    axes_fit = all(ours in (1, theirs) for ours, theirs in zip(scale.shape[::-1], shape[::-1], strict=False))
    if scale.size != 1 and not (axes_fit and scale.ndim <= len(shape)):
        raise DataError(f"scale of shape {scale.shape} for numbers of shape {shape}", "a shape that broadcasts to it")


def _check_result_type(dtype: npt.DTypeLike) -> None:
    result = np.dtype(dtype)
    if result.kind != "f" and result.name != "bfloat16":
        raise DataError(f"decoded numbers of type {result}", "floating types")


def _nan_error(name: str, numbers: Array) -> DataError:
    count = int(np.count_nonzero(np.isnan(numbers)))
    return DataError(f"{name}: {count} of {numbers.size} numbers are NaN", "numbers and infinities")
