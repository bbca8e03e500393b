"""The FP32 multiply-accumulate that areas are compared with, against numpy's float32."""

from __future__ import annotations

from itertools import product

import cocotb
import numpy as np
import numpy.typing as npt
from cocotb.handle import HierarchyObject
from cocotb.triggers import Timer
from operands import report

Singles = npt.NDArray[np.float32]

# 0, -0, 1, -1 - 2^-23, the smallest normal number, the largest, infinity, NaN, a subnormal number, 2^-24
CORNERS = np.array(
    [0, 0x80000000, 0x3F800000, 0xBF800001, 0x00800000, 0x7F7FFFFF, 0x7F800000, 0x7FC00000, 0x80000001, 0x33800000],
    np.uint32,
).view(np.float32)
RANDOM = 500


def flushed(numbers: Singles) -> Singles:
    """Subnormal numbers become zeros of their sign."""
    return np.where(np.abs(numbers) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), numbers), numbers)


def operands() -> Singles:
    """[vectors, 3]: all triples of corners, numbers of any exponent, and sums in which much cancels."""
    draw = np.random.default_rng(0)
    any_bits = draw.integers(0, 2**32, (RANDOM, 3), np.uint32).view(np.float32)
    near = draw.normal(size=(RANDOM, 3)).astype(np.float32)
    cancelling = np.stack([near[:, 0], near[:, 1], -(near[:, 0] * near[:, 1]) * (1 + near[:, 2] * 1e-6)], axis=1)
    return np.concatenate([np.array(list(product(CORNERS, repeat=3))), any_bits, near, cancelling.astype(np.float32)])


@cocotb.test
async def multiply_accumulate(dut: HierarchyObject) -> None:
    """A rounded product and a rounded sum; NaN is NaN."""
    vectors = operands()
    seen = []
    for a, b, addend in vectors.view(np.uint32).tolist():
        dut.a.value, dut.b.value, dut.addend.value = a, b, addend
        await Timer(1, "ns")
        seen.append(int(dut.sum.value))
    found = np.array(seen, np.uint32).view(np.float32)
    with np.errstate(all="ignore"):
        a, b, addend = flushed(vectors).T
        expected = flushed(flushed(a * b) + addend)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    numbers = ~np.isnan(found)
    np.testing.assert_array_equal(found.view(np.uint32)[numbers], expected.view(np.uint32)[numbers])
    report("FP32 multiply-accumulates", found.size)
