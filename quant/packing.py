"""Codes packed to exact bits, without gaps. `docs/encoded-files.md` is the page that this file follows.

Up to 8 bits, eight codes are squeezed at once: they enter as the eight bytes of one 64-bit word, and three steps push
neighbouring bytes, then pairs, then quadruples together. What is left are `bits` whole bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quant.errors import DataError
from quant.formats.vectorised import code_dtype

Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.unsignedinteger[Any]]

MOST_BITS = 32
_BLOCK_WORDS = 2**12  # words at a time, so that what passes between the steps stays in a core's own cache
_LANES = (8, 16, 32)  # the widths, in bits, of what is pushed together at each step


def packed_bytes(code_count: int, bits: int) -> int:
    """The bytes of so many codes: ceil(code_count * bits / 8)."""
    return -(-code_count * bits // 8)


def pack_codes(codes: npt.ArrayLike, bits: int, axis: int = -1) -> Bytes:
    """The codes as one stream of bytes, shape (packed_bytes(codes.size, bits),).

    `bits` is 1 to 32. Codes follow each other in C order, with `axis` as the innermost one. Code i has the bits
    i * bits ... (i + 1) * bits - 1 of the stream, lowest bit first; bit j of the stream is bit j % 8 of byte j // 8.
    The bits after the last code are 0. Raises DataError for codes that are no integers or need more bits.
    """
    _check_bits(bits)
    array = np.asarray(codes)
    if array.dtype.kind not in "iu" and array.size:
        raise DataError(f"codes of type {array.dtype}", "integers")
    if array.size and not 0 <= array.min() <= array.max() < 2**bits:
        raise DataError(f"codes from {array.min()} to {array.max()} in {bits} bits", f"0 to {2**bits - 1}")
    stream = np.moveaxis(array, _checked_axis(axis, array.ndim), -1).reshape(-1) if array.ndim else array.reshape(1)
    if bits > 8:
        each_bit = np.unpackbits(stream.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
        return np.packbits(each_bit[:, :bits].reshape(-1), bitorder="little")
    padded = np.zeros(-(-stream.size // 8) * 8, np.uint8)
    padded[: stream.size] = stream
    return _squeeze(padded.view("<u8"), bits)[: packed_bytes(stream.size, bits)]


def unpack_codes(packed: npt.ArrayLike, bits: int, shape: Sequence[int], axis: int = -1) -> Codes:
    """The codes of `pack_codes(codes, bits, axis)` in their `shape`; uint8 up to 8 bits, then uint16 and uint32.

    Raises DataError if the bytes are too few or too many for the shape, or the bits after the last code are not 0.
    """
    _check_bits(bits)
    code_count = math.prod(shape)
    stream = np.asarray(packed)
    expected = packed_bytes(code_count, bits)
    if stream.dtype != np.uint8 or stream.shape != (expected,):
        found = f"{stream.size} packed codes' bytes of type {stream.dtype} for {code_count} codes of {bits} bits"
        raise DataError(found, f"{expected} bytes of type uint8")
    if code_count * bits % 8 and stream[-1] >> (code_count * bits % 8):
        raise DataError("bits after the last packed code", "zeros")
    codes = _spread(stream, bits, code_count) if bits <= 8 else _spread_bits(stream, bits, code_count)
    if not shape:
        return codes.reshape(())
    inner = _checked_axis(axis, len(shape))
    order = [*shape[:inner], *shape[inner + 1 :], shape[inner]]
    return np.moveaxis(codes.reshape(order), -1, inner)


def _squeeze(words: npt.NDArray[np.uint64], bits: int) -> Bytes:
    """Words of eight codes, a byte each, to `bits` bytes each."""
    packed = np.empty((words.size, bits), np.uint8)
    for start in range(0, words.size, _BLOCK_WORDS):
        block = words[start : start + _BLOCK_WORDS].copy()
        for lane in _LANES:
            upper = block & _in_each(2 * lane, ((1 << lane) - 1) << lane)
            upper >>= np.uint64(_gap(lane, bits))
            block &= _in_each(2 * lane, (1 << lane) - 1)
            block |= upper
        packed[start : start + _BLOCK_WORDS] = block.view(np.uint8).reshape(-1, 8)[:, :bits]
    return packed.reshape(-1)


def _spread(packed: Bytes, bits: int, code_count: int) -> Codes:
    """The reverse of `_squeeze`."""
    word_count = -(-code_count // 8)
    whole = np.zeros((word_count, bits), np.uint8)
    whole.reshape(-1)[: packed.size] = packed
    codes = np.zeros((word_count, 8), np.uint8)
    for start in range(0, word_count, _BLOCK_WORDS):
        rows = codes[start : start + _BLOCK_WORDS]
        rows[:, :bits] = whole[start : start + _BLOCK_WORDS]
        block = rows.view("<u8")
        for lane in reversed(_LANES):
            upper = block << np.uint64(_gap(lane, bits))
            upper &= _in_each(2 * lane, ((1 << lane) - 1) << lane)
            block &= _in_each(2 * lane, (1 << (lane - _gap(lane, bits))) - 1)
            block |= upper
    return codes.reshape(-1)[:code_count]


def _spread_bits(packed: Bytes, bits: int, code_count: int) -> Codes:
    each_bit = np.zeros((code_count, 32), np.uint8)
    stream = np.unpackbits(packed, bitorder="little", count=code_count * bits)
    each_bit[:, :bits] = stream.reshape(code_count, bits)
    return np.packbits(each_bit, axis=1, bitorder="little").view("<u4").reshape(-1).astype(code_dtype(bits))


def _gap(lane: int, bits: int) -> int:
    """Unused bits in a lane whose every byte holds `bits` of code."""
    return lane * (8 - bits) // 8


def _in_each(width: int, pattern: int) -> np.uint64:
    """The pattern repeated in each `width` bits of a word."""
    return np.uint64(sum(pattern << shift for shift in range(0, 64, width)))


def _check_bits(bits: int) -> None:
    if not 1 <= bits <= MOST_BITS:
        raise DataError(f"codes of {bits} bits", f"1 to {MOST_BITS} bits")


def _checked_axis(axis: int, axes: int) -> int:
    if not -axes <= axis < axes:
        raise DataError(f"axis {axis} of an array with {axes} axes", f"{-axes} to {axes - 1}")
    return axis % axes
