"""Where a tensor lies in DRAM, and which contiguous runs of bytes a tile of it is made of.

Activations are stored in blocks of `CHANNEL_BLOCK` channels, as (group, block, row, column, channel): a tile of whole
rows is one run per block, and neighbouring blocks join when the tile holds all rows. Codes are packed without gaps
inside a row of a block; each such row starts on a byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from accelsim.mapping.ranges import Range
from accelsim.units import bits_to_bytes, ceil_div
from accelsim.workload.layers import Shape

CHANNEL_BLOCK = 32


class Run(NamedTuple):
    """Consecutive bytes in DRAM."""

    address: int
    size_bytes: int


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
        channel = channels[0]
        before = self._row_bytes_before(self._block_of(channel)[0])
        while channel < channels[1]:
            block, next_block = self._block_of(channel)
            end = min(next_block, channels[1])
            after = self._row_bytes_before(next_block)
            address, pitch = self.address + self.shape[1] * before, after - before
            if (channel, end) == (block, next_block):
                pieces = [Run(address + first * pitch, (last - first) * pitch) for first, last in spans]
            else:
                address += self._row_bytes_before(channel) - before
                size = self.range_bytes((channel, end), 1)
                pieces = [Run(address + row * pitch, size) for first, last in spans for row in range(first, last)]
            for piece in pieces:
                _append(runs, piece)
            channel, before = end, after
        return tuple(runs)

    def whole_blocks(self, channels: Range) -> Range:
        """The range with the blocks at its ends made whole."""
        return self._block_of(channels[0])[0], self._block_of(channels[1] - 1)[1]

    def flat_runs(self, part: Range, total: int) -> tuple[Run, ...]:
        """A part of the tensor read as a vector of `total` elements, as one run."""
        first, last = (self.size_bytes * index // total for index in part)
        return (Run(self.address + first, last - first),)

    def _block_of(self, channel: int) -> Range:
        """The channels of the block that a channel belongs to."""
        group_channels = self.shape[0] // self.groups
        inside = channel % group_channels
        first = inside - inside % CHANNEL_BLOCK
        last = min(first + CHANNEL_BLOCK, group_channels)
        return channel - inside + first, channel - inside + last

    def _row_bytes_before(self, channel: int) -> int:
        """Bytes of one row of all channels before this one."""
        group, inside = divmod(channel, self.shape[0] // self.groups)
        whole_groups = group * self._packed_row_bytes(self.shape[0] // self.groups) if group else 0
        return whole_groups + self._packed_row_bytes(inside)

    def _packed_row_bytes(self, channels: int) -> int:
        """Bytes of one row of the first channels of a group: whole blocks, and what is left rounded up."""
        blocks, rest = divmod(channels, CHANNEL_BLOCK)
        width_bits = self.shape[2] * self.bits
        return blocks * bits_to_bytes(CHANNEL_BLOCK * width_bits) + bits_to_bytes(rest * width_bits)


def _append(runs: list[Run], run: Run) -> None:
    """Add a run, joined to the last one where it continues it; an empty one is left out."""
    if runs and sum(runs[-1]) == run.address:
        runs[-1] = Run(runs[-1].address, runs[-1].size_bytes + run.size_bytes)
    elif run.size_bytes:
        runs.append(run)
