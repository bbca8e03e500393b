"""Where a tensor lies in DRAM, and which contiguous runs of bytes a tile of it is made of.

Activations are stored in blocks of `CHANNEL_BLOCK` channels, as (group, block, row, channel, column): a tile of whole
rows is one run per block, and neighbouring blocks join when the tile holds all rows. Codes are packed without gaps
inside a row of a block; each such row starts on a byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    """A tensor of `shape` (channels, height, width) at `address`, `bits` per element; blocks restart at each group."""

    address: int
    shape: Shape
    bits: int
    groups: int = 1

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

        The range as a whole rounds up to bytes, and once more at each end of a group inside it that is padded.
        """
        width, group_channels = self.shape[2], self.shape[0] // self.groups
        padded = group_channels % CHANNEL_BLOCK * width * self.bits % 8 != 0
        joints = np.minimum(self.groups - 1, ceil_div(channels - 1, group_channels)) if padded else 0
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
        return _blocks(self.shape, self.bits, self.groups)[first : last + 1]

    def _block_index(self, channel: int) -> int:
        group_channels = self.shape[0] // self.groups
        group, inside = divmod(channel, group_channels)
        return group * ceil_div(group_channels, CHANNEL_BLOCK) + inside // CHANNEL_BLOCK

    def _row_bytes_before(self, channel: int) -> int:
        """Bytes of one row of all channels before this one; the codes of a block's first channels round up to bytes."""
        if channel == 0:
            return 0
        block = _blocks(self.shape, self.bits, self.groups)[self._block_index(channel - 1)]
        return block.bytes_before + bits_to_bytes((channel - block.start) * self.shape[2] * self.bits)


class _Block(NamedTuple):
    """Channels that lie together: a range of them, bytes of a row, and of a row of all channels before."""

    start: int
    end: int
    row_bytes: int
    bytes_before: int


@lru_cache(maxsize=1024)
def _blocks(shape: Shape, bits: int, groups: int) -> tuple[_Block, ...]:
    """The blocks of a tensor, in order."""
    blocks: list[_Block] = []
    bytes_before, group_channels = 0, shape[0] // groups
    for group in range(0, shape[0], group_channels):
        for start, end in split(group_channels, CHANNEL_BLOCK):
            row_bytes = bits_to_bytes((end - start) * shape[2] * bits)
            blocks.append(_Block(group + start, group + end, row_bytes, bytes_before))
            bytes_before += row_bytes
    return tuple(blocks)


def _append(runs: list[Run], run: Run) -> None:
    """Add a run, joined to the last one where it continues it; an empty one is left out."""
    if runs and sum(runs[-1]) == run.address:
        runs[-1] = Run(runs[-1].address, runs[-1].size_bytes + run.size_bytes)
    elif run.size_bytes:
        runs.append(run)
