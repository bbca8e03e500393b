"""Where a tensor lies in DRAM, and which contiguous runs of bytes a tile of it is made of.

Activations are stored in blocks of `CHANNEL_BLOCK` channels, as (group, block, row, column, channel): a tile of whole
rows is one run per block, and neighbouring blocks join when the tile holds all rows. Codes are packed without gaps
inside a row of a block; each such row starts on a byte.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

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
    def size_bytes(self) -> int:
        """Bytes of the whole tensor, row padding included."""
        return self.range_bytes(0, self.shape[0], 0, self.shape[1])

    def range_bytes(self, channel_start: int, channel_end: int, row_start: int, row_end: int) -> int:
        """Bytes of whole rows of a channel range; ranges that partition the tensor add up to its size."""
        rows = row_end - row_start
        return sum(rows * (end - start) for _, start, end, _ in self._blocks(channel_start, channel_end))

    def runs(self, channel_start: int, channel_end: int, row_start: int, row_end: int) -> tuple[Run, ...]:
        """The contiguous runs of such a range, in address order.

        A range that starts inside a block is taken as one run per block all the same (a real one is strided).
        """
        runs: list[Run] = []
        for base, start, end, pitch in self._blocks(channel_start, channel_end):
            run = Run(base + row_start * pitch + start, (row_end - row_start) * (end - start))
            if runs and runs[-1].address + runs[-1].size_bytes == run.address:
                run = Run(runs[-1].address, runs.pop().size_bytes + run.size_bytes)
            runs.append(run)
        return tuple(runs)

    def flat_runs(self, start: int, end: int, total: int) -> tuple[Run, ...]:
        """The part [start, end) of the tensor read as a vector of `total` elements, as one run."""
        first, last = self.size_bytes * start // total, self.size_bytes * end // total
        return (Run(self.address + first, last - first),)

    def _blocks(self, channel_start: int, channel_end: int) -> Iterator[tuple[int, int, int, int]]:
        """(base address, first byte, end byte, bytes) of one row of each block that the channel range touches."""
        channels, height, width = self.shape
        group_size = channels // self.groups
        channel = channel_start
        while channel < channel_end:
            group, inside = divmod(channel, group_size)
            first = inside - inside % CHANNEL_BLOCK
            last = min(first + CHANNEL_BLOCK, group_size)
            stop = min(channel_end - group * group_size, last)
            pitch = bits_to_bytes((last - first) * width * self.bits)
            before = self._bytes_before(group, first, height)
            start_byte = bits_to_bytes((inside - first) * width * self.bits)
            yield self.address + before, start_byte, bits_to_bytes((stop - first) * width * self.bits), pitch
            channel = group * group_size + stop

    def _bytes_before(self, group: int, first: int, height: int) -> int:
        """Bytes of the blocks that precede a block: whole groups, then whole blocks of this group."""
        width = self.shape[2]
        group_size = self.shape[0] // self.groups
        full = bits_to_bytes(CHANNEL_BLOCK * width * self.bits)
        rest = bits_to_bytes(group_size % CHANNEL_BLOCK * width * self.bits)
        per_group = group_size // CHANNEL_BLOCK * full + rest
        return height * (group * per_group + first // CHANNEL_BLOCK * full)


def split(total: int, step: int) -> list[tuple[int, int]]:
    """[0, total) cut into ranges of `step`, the last one shorter."""
    return [(start, min(start + step, total)) for start in range(0, total, step)]


def even_steps(total: int, unit: int = 1) -> list[int]:
    """Step sizes worth trying: for each number of parts the smallest multiple of `unit` that needs no more parts."""
    units = ceil_div(total, unit)
    root = math.isqrt(units)
    counts = {*range(1, root + 1), *(ceil_div(units, parts) for parts in range(1, root + 2))}
    return sorted({min(count * unit, total) for count in counts})
