"""Which numbers of a tensor share a scale: all, those of a channel, or a group of neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quant.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Granularity:
    """The numbers of a tensor as rows, one for each scale.

    `axis` None: the whole tensor is one row, in C order. Otherwise each index of `axis` is one row, the other axes in C
    order. `group_size` cuts every row into groups of so many neighbours; the last one of a row may be smaller.
    """

    axis: int | None = None
    group_size: int | None = None

    def __post_init__(self) -> None:
        if self.group_size is not None and self.group_size < 1:
            raise DataError(f"group size {self.group_size}", "1 or more")

    def __str__(self) -> str:
        where = "tensor" if self.axis is None else f"channel of axis {self.axis}"
        return f"per {where}" if self.group_size is None else f"per {self.group_size} of a {where}"

    def with_blocks(self, block_size: int | None) -> Granularity:
        """This one with rows cut into a format's blocks, if it has any. Raises DataError for another group size."""
        if block_size is None or self.group_size == block_size:
            return self
        if self.group_size is not None:
            raise DataError(f"group size {self.group_size} for a format of blocks", f"{block_size}, or none")
        return Granularity(self.axis, block_size)

    def row_shape(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """(scales, numbers that share one) for a tensor of `shape`, the padding of the last groups included."""
        channels = 1 if self.axis is None else shape[self._axis_of(shape)]
        length = math.prod(shape) // channels if channels else 0
        if self.group_size is None:
            return channels, length
        return channels * -(-length // self.group_size), self.group_size

    def rows(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The tensor as a matrix of shape `row_shape(x.shape)`, the last groups padded with zeros."""
        import numpy as np

        channels = 1 if self.axis is None else x.shape[self._axis_of(x.shape)]
        by_channel = (x if self.axis is None else np.moveaxis(x, self.axis, 0)).reshape(channels, -1)
        if self.group_size is not None and by_channel.shape[1] % self.group_size:
            by_channel = np.pad(by_channel, ((0, 0), (0, -by_channel.shape[1] % self.group_size)))
        return by_channel.reshape(self.row_shape(x.shape))

    def tensor(self, rows: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """The tensor of `shape` whose `rows` these are."""
        import numpy as np

        channels = 1 if self.axis is None else shape[self._axis_of(shape)]
        by_channel = rows.reshape(channels, -1)[:, : math.prod(shape) // channels]
        if self.axis is None:
            return by_channel.reshape(shape)
        axis = self._axis_of(shape)
        others = shape[:axis] + shape[axis + 1 :]
        return np.moveaxis(by_channel.reshape(channels, *others), 0, axis)

    def _axis_of(self, shape: tuple[int, ...]) -> int:
        assert self.axis is not None
        if not -len(shape) <= self.axis < len(shape):
            raise DataError(f"scales per channel of axis {self.axis} for shape {shape}", f"an axis below {len(shape)}")
        return self.axis % len(shape)
