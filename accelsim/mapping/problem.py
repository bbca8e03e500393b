"""What the tiling of one layer depends on, and nothing else; equal problems have equal solutions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accelsim.analytic.compute import ArrayShape, array_shape
from accelsim.config.hardware import ArrayConfig, Hardware
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.ranges import Range, cut, extent, in_all_groups, rows_pooled, split, swept_rows, window_spans
from accelsim.mapping.share import Share, whole_of
from accelsim.units import bits_to_bytes, ceil_div
from accelsim.workload.formats import Precision, TensorFormat
from accelsim.workload.layers import Gemm, Layer, Window

_POINTWISE = Window((1, 1), (1, 1), (0, 0))


def per_step(function: Callable[[int], int], steps: int) -> int:
    """A function of a tile's rows, called once for each different element where `steps` is an array."""
    different, index = np.unique(steps, return_inverse=True)
    values: Any = np.array([function(int(step)) for step in different])
    return values[index]  # type: ignore[no-any-return]


def per_pair(function: Callable[[int, int], int], first: int, second: int) -> int:
    """A function of two sizes of a tile, called once for each different pair where they are arrays."""
    pairs = np.stack(np.broadcast_arrays(first, second), axis=-1).reshape(-1, 2)
    different, index = np.unique(pairs, axis=0, return_inverse=True)
    values: Any = np.array([function(int(one), int(other)) for one, other in different])
    return values[index.ravel()].reshape(np.shape(first))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class PostTensor:
    """A tensor on the vector unit's side of a layer, its result or a residual operand.

    It lies behind `windows`, the pooling windows between the `raw_rows` rows that the array produces and itself.
    """

    layout: TensorLayout
    raw_rows: int
    windows: tuple[Window, ...]

    def rows_of(self, raw: Range) -> Range:
        """The rows of this tensor that a tile of raw rows completes."""
        start, end = (rows_pooled(row, self.raw_rows, self.windows) for row in raw)
        return start, end

    def most_tile_bytes(self, rows: int, channels: int) -> int:
        """Most bytes that a tile of `rows` raw rows and so many channels takes. Works on arrays as well."""
        if self.windows:
            rows = per_step(self._most_rows, rows)
        return rows * self.layout.most_row_bytes(channels)

    def _most_rows(self, step: int) -> int:
        return max(end - start for start, end in map(self.rows_of, split(self.raw_rows, step)))


@dataclass(frozen=True, slots=True)
class TilingProblem:
    """One array layer, or a core's `share` of the `whole`, as the tiling search sees it; layouts are at address 0.

    Rows are rows of the raw output (before pooling), `row_pixels` the pixels in one; `channels` are the input channels
    of a group, each `kernel_area` deep in the reduction; `image_rows` says that rows are those of an image, not tokens.
    `input_rows` are those of its input, `flattened` says that
    it reads the whole tensor as one row. `parameter_bytes` are those of an output, `scale_bytes` those of
    all scales of the weights, spread evenly over the outputs. `stationary` is a matmul's second tensor, None for
    trained weights.
    `operands` are the residual operands that come from DRAM. A resident input costs no traffic and no tile.
    """

    whole: Share
    share: Share
    row_pixels: int
    channels: int
    kernel_area: int
    image_rows: bool
    window: Window
    input: TensorLayout
    input_rows: int
    input_resident: bool
    flattened: bool
    weight_bits: int
    stationary: TensorLayout | None
    transposed: bool
    parameter_bytes: int
    scale_bytes: int
    operands: tuple[PostTensor, ...]
    output: PostTensor
    shape: ArrayShape
    array: ArrayConfig
    lanes: int

    @property
    def groups(self) -> int:
        """Groups of the share."""
        return extent(self.share.groups)

    @property
    def rows(self) -> int:
        """Rows of the share."""
        return extent(self.share.rows)

    @property
    def outputs(self) -> int:
        """Outputs of each group of the share."""
        return extent(self.share.outputs)

    def tile_gemm(self, groups: int, rows: int, outputs: int, channels: int) -> Gemm:
        """The multiplication of a tile of so many of each. Works on arrays as well."""
        pixels, reduction = rows * self.row_pixels, channels * self.kernel_area
        return Gemm(groups, pixels, reduction, outputs, rows if self.image_rows else 1, self.window.kernel)

    @property
    def first_output(self) -> int:
        """The share's first output, counted over all groups."""
        return self.share.groups[0] * self.whole.outputs[1] + self.share.outputs[0]

    @property
    def stationary_bytes(self) -> int:
        """Bytes of all that the weight buffer gets to hold, once, without the parameters that travel along."""
        if self.stationary is None:
            return bits_to_bytes(self.share.channels * self.channels * self.kernel_area * self.weight_bits)
        outputs, channels = self.share.outputs, (0, self.channels)
        across, rows = (channels, outputs) if self.transposed else (outputs, channels)
        group_channels = self.stationary.shape[0] // self.whole.groups[1]
        return self.stationary.range_bytes(in_all_groups(self.share.groups, across, group_channels), extent(rows))

    @property
    def share_scale_bytes(self) -> int:
        """Bytes of the scales of the share's outputs."""
        return self.scale_bytes_before(self.first_output + self.share.channels) - self.scale_bytes_before(
            self.first_output
        )

    def scale_bytes_before(self, outputs: int) -> int:
        """Bytes of the scales that travel with so many of the layer's outputs, counted over all groups."""
        return self.scale_bytes * outputs // self.whole.channels

    def swept_row_bytes(self, groups: int, channels: int) -> int:
        """Bytes of one input row that one sweep over tiles of so many groups and channels reads.

        Blocks of channels are read whole, by every tile that needs a part of them.
        """
        if self.flattened:
            return self.input.size_bytes
        tiles = [
            in_all_groups(some_groups, some_channels, self.channels)
            for some_groups in cut(self.share.groups, groups)
            for some_channels in split(self.channels, channels)
        ]
        return sum(self.input.range_bytes(self.input.whole_blocks(tile), 1) for tile in tiles)

    def input_spans(self, rows: Range) -> tuple[Range, ...]:
        """Rows of the input under a range of output rows."""
        return window_spans(self.window, self.input_rows, rows)

    def swept_rows(self, step: int) -> int:
        """Input rows that one sweep over row tiles of `step` rows reads, halos counted in every tile."""
        return swept_rows(self.window, self.input_rows, self.share.rows, step)

    def most_input_row_bytes(self, groups: int, channels: int) -> int:
        """Most bytes of one row of an input tile. Works on arrays as well."""
        if self.flattened:
            return ceil_div(self.input.size_bytes * channels, self.channels)
        return self.input.most_row_bytes(groups * channels)


def stationary_format(layer: Layer, precision: Precision) -> TensorFormat:
    """Format of what the weight buffer holds: trained weights, or a matmul's second tensor."""
    return precision.tensors[layer.inputs[1]] if layer.kind == "matmul" else precision.weights[layer.name]


def tiling_problem(
    layer: Layer,
    share: Share,
    precision: Precision,
    hardware: Hardware,
    layouts: Mapping[str, TensorLayout],
    resident: Set[str],
) -> TilingProblem:
    """The problem of a core's share of an array layer when the tensors in `resident` stay on chip."""
    gemm = layer.gemm
    assert gemm is not None, layer.name
    window = layer.window or _POINTWISE
    kernel_area = window.kernel[0] * window.kernel[1]
    flattened = is_flattened(layer)
    weight_bits = stationary_format(layer, precision).bits
    input_layout = layouts[layer.inputs[0]]
    matmul = layer.kind == "matmul"
    return TilingProblem(
        whole=whole_of(layer),
        share=share,
        row_pixels=gemm.pixels // layer.raw_shape[1],
        channels=gemm.reduction // kernel_area,
        kernel_area=kernel_area,
        image_rows=gemm.rows > 1,
        window=window,
        input=replace(input_layout, address=0),
        input_rows=1 if flattened else layer.input_shape[1],
        input_resident=layer.inputs[0] in resident,
        flattened=flattened,
        weight_bits=weight_bits,
        stationary=replace(layouts[layer.inputs[1]], address=0) if matmul else None,
        transposed=layer.transposed,
        parameter_bytes=0 if matmul else hardware.vector.parameter_bytes_per_channel,
        scale_bytes=0 if matmul else precision.scale_bytes.get(layer.name, 0),
        operands=tuple(tensor for name, tensor in residual_operands(layer, layouts) if name not in resident),
        output=PostTensor(replace(layouts[layer.name], address=0), layer.raw_shape[1], _pools(layer, len(layer.post))),
        shape=array_shape(hardware.array, weight_bits, input_layout.bits),
        array=hardware.array,
        lanes=hardware.vector.lanes,
    )


def residual_operands(layer: Layer, layouts: Mapping[str, TensorLayout]) -> list[tuple[str, PostTensor]]:
    """The tensors that a layer's post-operations add, by name; layouts at address 0."""
    return [
        (op.operand, PostTensor(replace(layouts[op.operand], address=0), layer.raw_shape[1], _pools(layer, index)))
        for index, op in enumerate(layer.post)
        if op.operand is not None
    ]


def is_flattened(layer: Layer) -> bool:
    """Whether a linear layer reads a whole feature map as one vector (the step from convolutions to a classifier)."""
    return layer.kind == "linear" and layer.gemm is not None and layer.gemm.reduction != layer.input_shape[0]


def _pools(layer: Layer, count: int) -> tuple[Window, ...]:
    """The pooling windows among the first `count` post-operations."""
    return tuple(op.window for op in layer.post[:count] if op.window is not None)
