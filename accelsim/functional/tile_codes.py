"""Codes of a part of a tensor, read from and written to the bytes where its layout puts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from accelsim.functional.bytes_at import Bytes, Source
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.ranges import Range
from accelsim.units import BITS_PER_BYTE, bits_to_bytes
from quant.packing import pack_codes, unpack_codes

Codes = npt.NDArray[np.unsignedinteger[Any]]


def read_codes(layout: TensorLayout, channels: Range, rows: Range, source: Source) -> Codes:
    """The codes of some rows of a channel range, shape (images, channels, rows, columns)."""
    parts = []
    for part in layout.parts(channels):
        count = part.channels[1] - part.channels[0]
        found = _read_rows(
            source, part.address, part.row_bytes, rows, part.first_bit, count * layout.shape[2], layout.bits
        )
        parts.append(found.reshape(found.shape[0], rows[1] - rows[0], count, layout.shape[2]).swapaxes(1, 2))
    return np.concatenate(parts, axis=1)


def read_flat(layout: TensorLayout, part: Range, source: Source) -> Codes:
    """A part of a tensor read as a vector, in the order in which it lies: shape (images, codes)."""
    found, done = [], 0
    for block in layout.parts((0, layout.shape[0])):
        count = (block.channels[1] - block.channels[0]) * layout.shape[2]
        for row in range(layout.shape[1]):
            first, last = max(part[0] - done, 0), min(part[1] - done, count)
            done += count
            if first < last:
                bit = first * layout.bits
                row_range = (row, row + 1)
                codes = _read_rows(source, block.address, block.row_bytes, row_range, bit, last - first, layout.bits)
                found.append(codes[:, 0])
    return np.concatenate(found, axis=1)


def flat_order(layout: TensorLayout) -> npt.NDArray[np.int64]:
    """For each place of the tensor as it lies, the index of its number in (channel, row, column) order."""
    index = np.arange(np.prod(layout.shape)).reshape(layout.shape)
    blocks = [index[slice(*block.channels)].swapaxes(0, 1) for block in layout.parts((0, layout.shape[0]))]
    return np.concatenate([block.reshape(-1) for block in blocks])


def write_codes(
    layout: TensorLayout, channels: Range, first_row: int, codes: Codes, put: Callable[[int, Bytes], None]
) -> None:
    """Hand the bytes of codes, shape (images, channels, rows, columns), to `put` with their addresses."""
    images, rows = codes.shape[0], codes.shape[2]
    for part in layout.parts(channels):
        mine = codes[:, part.channels[0] - channels[0] : part.channels[1] - channels[0]]
        by_row = mine.swapaxes(1, 2).reshape(images * rows, -1)
        offset = part.first_bit % BITS_PER_BYTE
        packed = pack_rows(by_row, layout.bits, offset).reshape(images, rows, -1)
        address = part.address + first_row * part.row_bytes + part.first_bit // BITS_PER_BYTE
        if packed.shape[2] == part.row_bytes:
            put(address, packed.reshape(images, -1).T)
            continue
        for row in range(rows):
            put(address + row * part.row_bytes, packed[:, row].T)


def _read_rows(
    source: Source, address: int, row_bytes: int, rows: Range, first_bit: int, count: int, bits: int
) -> Codes:
    """`count` codes from bit `first_bit` on of each row, shape (images, rows, codes)."""
    first, last = first_bit // BITS_PER_BYTE, bits_to_bytes(first_bit + count * bits)
    if last - first == row_bytes:
        raw = source.at(address + rows[0] * row_bytes, (rows[1] - rows[0]) * row_bytes)
    else:
        raw = np.concatenate([source.at(address + row * row_bytes + first, last - first) for row in range(*rows)])
    by_row = np.ascontiguousarray(raw.T).reshape(-1, last - first)
    codes = unpack_rows(by_row, bits, first_bit % BITS_PER_BYTE, count)
    return codes.reshape(raw.shape[1], rows[1] - rows[0], count)


def unpack_rows(rows: Bytes, bits: int, offset: int, count: int) -> Codes:
    """`count` codes of each row of bytes, shape (rows, count), from bit `offset` on."""
    if offset == 0 and count * bits == rows.shape[1] * BITS_PER_BYTE:
        return unpack_codes(np.ascontiguousarray(rows).reshape(-1), bits, (len(rows), count))
    stream = np.unpackbits(rows, axis=1, bitorder="little")[:, offset : offset + count * bits]
    return unpack_codes(np.packbits(stream, bitorder="little"), bits, (len(rows), count))


def pack_rows(codes: Codes, bits: int, offset: int) -> Bytes:
    """Rows of codes as rows of bytes, from bit `offset` on; the bits before and after are 0."""
    count = codes.shape[1]
    if offset == 0 and count * bits % BITS_PER_BYTE == 0:
        return pack_codes(codes, bits).reshape(len(codes), -1)
    stream = np.unpackbits(pack_codes(codes, bits), bitorder="little", count=codes.size * bits)
    padded = np.pad(stream.reshape(len(codes), -1), ((0, 0), (offset, 0)))
    return np.packbits(padded, axis=1, bitorder="little")
