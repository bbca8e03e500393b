"""Where a tensor lies in DRAM, and which contiguous runs of bytes a tile of it is made of.

Activations are stored in blocks of `CHANNEL_BLOCK` channels, as (part, block, row, channel, column): a tile of whole
rows is one run per block, and neighbouring blocks join when the tile holds all rows. Codes are packed without gaps
inside a row of a block; each such row starts on a byte.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from accelsim.mapping.ranges import Range, split
from accelsim.units import bits_to_bytes, ceil_div
from accelsim.workload.layers import Shape

CHANNEL_BLOCK = 32


class Run(NamedTuple):
    """Consecutive bytes in DRAM."""

    address: int
    size_bytes: int


class BlockPart(NamedTuple):
    """Channels that lie in one block: the address of the block's first row, bytes from row to row, and in each row the
    bit of the first code.
    """

    channels: Range
    address: int
    row_bytes: int
    first_bit: int


@dataclass(frozen=True, slots=True)
class TensorLayout:
    """A tensor of `shape` (channels, height, width) at `address`, `bits` per element.

    `part_channels` are the channels of each part, where there are several: heads, or what a concatenation is made of.
    Blocks restart at each.
    """

    address: int
    shape: Shape
    bits: int
    part_channels: tuple[int, ...] = ()

    def part(self, first_channel: int, channels: int, part_channels: tuple[int, ...]) -> TensorLayout:
        """Some of its parts, or one, as a tensor of its own."""
        address = self.address + self.shape[1] * self._row_bytes_before(first_channel)
        return TensorLayout(address, (channels, *self.shape[1:]), self.bits, part_channels)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of all channels."""
        return self._row_bytes_before(self.shape[0])

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole tensor, row padding included."""
        return self.shape[1] * self.row_bytes

    def range_bytes(self, channels: Range, rows: int) -> int:
        """Bytes of `rows` rows of a channel range; ranges that partition the tensor add up to its size."""
        return rows * (self._row_bytes_before(channels[1]) - self._row_bytes_before(channels[0]))

    def most_row_bytes(self, channels: int) -> int:
        """Most bytes that a row of so many neighbouring channels takes, wherever they start. Works on arrays as well.

        The range as a whole rounds up to bytes, and once more at each end of a part inside it that is padded.
        """
        width, parts = self.shape[2], self.part_channels
        padded = any(part % CHANNEL_BLOCK * width * self.bits % 8 for part in parts)
        joints = np.minimum(len(parts) - 1, ceil_div(channels - 1, min(parts))) if padded else 0
        return bits_to_bytes(channels * width * self.bits) + joints

    def runs(self, channels: Range, spans: Sequence[Range]) -> tuple[Run, ...]:
        """The contiguous runs of a channel range in some spans of rows, in address order.

        A block that the range holds in part is one run per row.
        """
        runs: list[Run] = []
        for block in self._blocks_of(channels):
            start, end = max(channels[0], block.start), min(channels[1], block.end)
            address, pitch = self.address + self.shape[1] * block.bytes_before, block.row_bytes
            if end - start == block.end - block.start:
                pieces = [Run(address + first * pitch, (last - first) * pitch) for first, last in spans]
            else:
                address += self._row_bytes_before(start) - block.bytes_before
                size = self.range_bytes((start, end), 1)
                pieces = [Run(address + row * pitch, size) for first, last in spans for row in range(first, last)]
            for piece in pieces:
                _append(runs, piece)
        return tuple(runs)

    def parts(self, channels: Range) -> tuple[BlockPart, ...]:
        """Where the codes of a channel range lie, block by block."""
        parts = []
        for block in self._blocks_of(channels):
            start, end = max(channels[0], block.start), min(channels[1], block.end)
            address = self.address + self.shape[1] * block.bytes_before
            parts.append(
                BlockPart((start, end), address, block.row_bytes, (start - block.start) * self.shape[2] * self.bits)
            )
        return tuple(parts)

    def whole_blocks(self, channels: Range) -> Range:
        """The range with the blocks at its ends made whole."""
        blocks = self._blocks_of(channels)
        return blocks[0].start, blocks[-1].end

    def flat_runs(self, part: Range, total: int) -> tuple[Run, ...]:
        """A part of the tensor read as a vector of `total` elements, as one run."""
        first, last = (self.size_bytes * index // total for index in part)
        return (Run(self.address + first, last - first),)

    def _blocks_of(self, channels: Range) -> tuple[_Block, ...]:
        """The blocks that a channel range touches."""
        first, last = self._block_index(channels[0]), self._block_index(channels[1] - 1)
        return self._blocks[first : last + 1]

    def _block_index(self, channel: int) -> int:
        return bisect_right(self._blocks, channel, key=attrgetter("start")) - 1

    @property
    def _blocks(self) -> tuple[_Block, ...]:
        return _blocks_of_parts(self.shape[2] * self.bits, self.part_channels or self.shape[:1])

    def _row_bytes_before(self, channel: int) -> int:
        """Bytes of one row of all channels before this one; the codes of a block's first channels round up to bytes."""
        if channel == 0:
            return 0
        block = self._blocks[self._block_index(channel - 1)]
        return block.bytes_before + bits_to_bytes((channel - block.start) * self.shape[2] * self.bits)


class _Block(NamedTuple):
    """Channels that lie together: a range of them, bytes of a row, and of a row of all channels before."""

    start: int
    end: int
    row_bytes: int
    bytes_before: int


@lru_cache(maxsize=1024)
def _blocks_of_parts(row_bits: int, parts: tuple[int, ...]) -> tuple[_Block, ...]:
    """The blocks of a tensor, in order; `row_bits` are those of a row of one channel."""
    blocks: list[_Block] = []
    bytes_before = first = 0
    for part in parts:
        for start, end in split(part, CHANNEL_BLOCK):
            row_bytes = bits_to_bytes((end - start) * row_bits)
            blocks.append(_Block(first + start, first + end, row_bytes, bytes_before))
            bytes_before += row_bytes
        first += part
    return tuple(blocks)


def _append(runs: list[Run], run: Run) -> None:
    """Add a run, joined to the last one where it continues it; an empty one is left out."""
    if runs and sum(runs[-1]) == run.address:
        runs[-1] = Run(runs[-1].address, runs[-1].size_bytes + run.size_bytes)
    elif run.size_bytes:
        runs.append(run)
