"""The `dot` dataflow in closed form (docs/timing-model.md, "Dot products"): adder trees over the input channels.

Works on tiles of integers and of integer arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from accelsim.units import ceil_div
from accelsim.workload.layers import Gemm


@dataclass(frozen=True, slots=True)
class PixelBlock:
    """What a cycle takes beside rows and columns: neighbouring output pixels, fewer where groups share the array.

    `packed_channels` are the most channels x kernel columns that are taken as channels where there is one group.
    """

    pixels: int = 1
    shared_pixels: int = 1
    packed_channels: int = 0


@dataclass(frozen=True, slots=True)
class DotProducts:
    """A tile: channels across the rows, kernel positions one after the other, each in `beats` cycles."""

    channels: int
    positions: int
    beats: int

    @classmethod
    def of(cls, tile: Gemm, block: PixelBlock, groups_at_once: int) -> DotProducts:
        """How a tile is taken when so many of its groups share the array."""
        tall, wide = tile.kernel
        channels = channels_of(tile)
        packed: Any = np.where((tile.groups == 1) & (channels * wide <= block.packed_channels), wide, 1)
        pixels: Any = np.where(groups_at_once > 1, block.shared_pixels, block.pixels)
        beats = tile.rows * ceil_div(tile.pixels // tile.rows, pixels)
        return cls(channels * packed, tall * wide // packed, beats)


def channels_of(tile: Gemm) -> int:
    """Input channels of a group."""
    return tile.reduction // (tile.kernel[0] * tile.kernel[1])
