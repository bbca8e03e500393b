"""Which part of a layer a core makes, where several share an image (docs/timing-model.md, "Several cores")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from accelsim.mapping.layout import CHANNEL_BLOCK
from accelsim.mapping.ranges import Range, even_parts, extent
from accelsim.units import ceil_div
from accelsim.workload.layers import Layer


class Share(NamedTuple):
    """A part of a layer's result: groups, rows before pooling, and outputs of each of these groups.

    It has all outputs or a single group, so that its channels follow each other. A vector layer has one group.
    """

    groups: Range
    rows: Range
    outputs: Range

    @property
    def channels(self) -> int:
        """Outputs of all its groups."""
        return extent(self.groups) * extent(self.outputs)

    @property
    def size(self) -> int:
        """Channels times rows."""
        return self.channels * extent(self.rows)


def whole_of(layer: Layer) -> Share:
    """All of a layer."""
    if layer.gemm is None:
        channels, rows, _ = layer.output_shape
        return Share((0, 1), (0, rows), (0, channels))
    return Share((0, layer.gemm.groups), (0, layer.raw_shape[1]), (0, layer.gemm.outputs))


def ways_to_share(layer: Layer, cores: int) -> list[tuple[Share, ...]]:
    """The ways to share a layer out to so many cores, or to fewer where it has not so many parts.

    By rows, unless a pool follows, whose windows reach over several rows; what runs on the array also by channels.
    """
    whole = whole_of(layer)
    if cores == 1:
        return [(whole,)]
    ways = list(_by_channels(layer, whole, cores))
    if all(operation.window is None for operation in layer.post):
        ways.append(tuple(whole._replace(rows=rows) for rows in even_parts(whole.rows[1], cores)))
    return ways or [(whole,)]


def largest(shares: Sequence[Share]) -> Share:
    """The first of the largest ones."""
    return max(shares, key=lambda share: share.size)


def _by_channels(layer: Layer, whole: Share, cores: int) -> Iterator[tuple[Share, ...]]:
    """In whole blocks of channels, and in parts of blocks where there are not enough; groups stay whole."""
    if layer.gemm is None:
        return
    axis, per_step = ("groups", layer.gemm.outputs) if layer.gemm.groups > 1 else ("outputs", 1)
    total, block = getattr(whole, axis)[1], ceil_div(CHANNEL_BLOCK, per_step)
    for unit in (block, 1) if ceil_div(total, block) < cores else (block,):
        yield tuple(whole._replace(**{axis: part}) for part in even_parts(total, cores, unit))
