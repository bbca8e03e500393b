"""The `dot` dataflow in closed form (docs/timing-model.md, "Dot products"): adder trees over the input channels.

Works on tiles of integers and of integer arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from accelsim.config.hardware import DotConfig
from accelsim.units import ceil_div
from accelsim.workload.layers import Gemm


@dataclass(frozen=True, slots=True)
class DotProducts:
    """A tile: channels across the rows, kernel positions one after the other, each in `beats` cycles."""

    channels: int
    positions: int
    beats: int

    @classmethod
    def of(cls, tile: Gemm, dot: DotConfig, groups_at_once: int) -> DotProducts:
        """How a tile is taken when so many of its groups share the array."""
        tall, wide = tile.kernel
        channels = channels_of(tile)
        packed: Any = np.where((tile.groups == 1) & (channels * wide <= (dot.packed_channels or 0)), wide, 1)
        pixels: Any = np.where(groups_at_once > 1, dot.depthwise_pixels or dot.pixels, dot.pixels)
        beats = tile.rows * ceil_div(tile.pixels // tile.rows, pixels)
        return cls(channels * packed, tall * wide // packed, beats)


def channels_of(tile: Gemm) -> int:
    """Input channels of a group."""
    return tile.reduction // (tile.kernel[0] * tile.kernel[1])
