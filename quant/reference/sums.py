"""The array's sums of products, over whole tensors and exact: integers in units of a power of two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from quant.errors import DataError
from quant.formats import NumberFormat
from quant.reference.graph import Window

Integers = npt.NDArray[np.float64]
"""Whole numbers as float64, in which sums of products are exact up to 2^53 in any order."""

Sums = npt.NDArray[np.int64]

EXACT = 2**53


@dataclass(frozen=True)
class FixedPoint:
    """The values of a format's codes as integers, shape (2^bits,), in units of 2^-fraction_bits."""

    integers: Integers
    fraction_bits: int

    @property
    def largest(self) -> int:
        """The largest magnitude."""
        return int(np.abs(self.integers).max())


@cache
def fixed_point(number_format: NumberFormat) -> FixedPoint:
    """What the decoder of a format gives. Codes for infinity and NaN, which are never produced, count as the ends.

    Raises DataError for a format of more than 8 bits.
    """
    if number_format.bits > 8:
        raise DataError(f"{number_format.name} has no integers for its codes", "formats of at most 8 bits")
    ends = (number_format.min_value, number_format.max_value)
    values = np.nan_to_num(number_format.codebook, nan=ends[1], neginf=ends[0], posinf=ends[1])
    fraction_bits = max(value.as_integer_ratio()[1].bit_length() - 1 for value in values.tolist())
    return FixedPoint(values * 2.0**fraction_bits, fraction_bits)


def check_exact(layer: str, reduction: int, weights: NumberFormat, inputs: NumberFormat) -> None:
    """Raise DataError if a sum of so many products could leave the whole numbers that float64 holds."""
    bound = reduction * fixed_point(weights).largest * fixed_point(inputs).largest
    if bound > EXACT:
        found = f"layer {layer}: {reduction} products of {weights.name} by {inputs.name} reach {bound:.3g} units"
        raise DataError(found, "sums of at most 2^53 units: formats of less range")


def product(left: Integers, right: Integers) -> Sums:
    """The matrix product, in one thread: where cores are busy, threads of BLAS wait for each other far too long."""
    with _blas().limit(limits=1, user_api="blas"):
        sums: Sums = np.matmul(left, right).astype(np.int64)
    return sums


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def convolution_sums(x: Integers, weights: Integers, window: Window | None, groups: int) -> Sums:
    """Sums of shape (images, outputs, height, width) for `x` of (images, channels, height, width).

    `weights` has shape (outputs, channels of a group, kernel height, kernel width); no window: a kernel of 1 x 1.
    """
    columns = _columns(x, window)
    images, _, _, height, width = columns.shape
    by_group = columns.reshape(images, groups, -1, height * width)
    rows = weights.reshape(groups, weights.shape[0] // groups, -1)
    return product(rows, by_group).reshape(images, weights.shape[0], height, width)


def matmul_sums(x: Integers, other: Integers, heads: int, *, transposed: bool) -> Sums:
    """Head by head, `x` times `other`: shapes as in `docs/workloads.md`, with images in front."""
    images, _, tokens, _ = x.shape
    streamed = x.reshape(images, heads, -1, tokens)
    kept = other.reshape(images, heads, -1, other.shape[2])
    left = kept.swapaxes(2, 3) if transposed else kept
    return product(left, streamed).reshape(images, -1, tokens, 1)


def _columns(x: Integers, window: Window | None) -> npt.NDArray[Any]:
    """im2col: (images, channels, kernel area, output height, output width)."""
    if window is None:
        return x[:, :, None]
    (up, left), (down, right) = window.padding, window.stride
    padded = np.pad(x, ((0, 0), (0, 0), (up, up), (left, left)))
    views = np.lib.stride_tricks.sliding_window_view(padded, window.kernel, axis=(2, 3))[:, :, ::down, ::right]
    area = window.kernel[0] * window.kernel[1]
    return np.moveaxis(views, (4, 5), (2, 3)).reshape(*x.shape[:2], area, *views.shape[2:4])
