"""What the tiling of one layer depends on, and nothing else; equal problems have equal solutions."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from accelsim.analytic.compute import ArrayShape, array_shape
from accelsim.config.hardware import Dataflow, Hardware
from accelsim.workload.formats import Precision, TensorFormat
from accelsim.workload.layers import Layer, Window, Workload

_POINTWISE = Window((1, 1), (1, 1), (0, 0))


@dataclass(frozen=True, slots=True)
class TilingProblem:
    """One array layer as the tiling search sees it.

    Rows are rows of the raw output (before pooling), `row_pixels` the pixels in one; `channels` are the input channels
    of a group, each `kernel_area` deep in the reduction. `operand_bits` are the bits of all residual operands that come
    from DRAM, per element of the raw output. A resident input costs no traffic and no tile.
    """

    groups: int
    rows: int
    row_pixels: int
    outputs: int
    channels: int
    kernel_area: int
    input_rows: int
    input_row_pixels: int
    window: Window
    weight_bits: int
    input_bits: int
    operand_bits: int
    accumulator_bits: int
    parameter_bytes: int
    input_resident: bool
    shape: ArrayShape
    dataflow: Dataflow
    shadow_registers: bool
    lanes: int

    def input_rows_of(self, start: int, end: int) -> tuple[int, int]:
        """Input rows that output rows [start, end) read: their halo, clipped to the tensor."""
        return window_rows(self.window, self.input_rows, start, end)


def window_rows(window: Window, input_rows: int, start: int, end: int) -> tuple[int, int]:
    """Rows of a tensor of `input_rows` rows under the windows of output rows [start, end)."""
    first = max(0, start * window.stride[0] - window.padding[0])
    last = min(input_rows, (end - 1) * window.stride[0] - window.padding[0] + window.kernel[0])
    return min(first, last), last


def stationary_format(layer: Layer, precision: Precision) -> TensorFormat:
    """Format of what the weight buffer holds: trained weights, or a matmul's second tensor."""
    return precision.tensors[layer.inputs[1]] if layer.kind == "matmul" else precision.weights[layer.name]


def tiling_problem(layer: Layer, precision: Precision, hardware: Hardware, resident: Set[str]) -> TilingProblem:
    """The problem of an array layer when the tensors in `resident` stay on chip."""
    gemm = layer.gemm
    assert gemm is not None, layer.name
    window = layer.window or _POINTWISE
    kernel_area = window.kernel[0] * window.kernel[1]
    flattened = is_flattened(layer)
    weight_format, input_format = stationary_format(layer, precision), precision.tensors[layer.inputs[0]]
    array = hardware.array
    return TilingProblem(
        groups=gemm.groups,
        rows=layer.raw_shape[1],
        row_pixels=gemm.pixels // layer.raw_shape[1],
        outputs=gemm.outputs,
        channels=gemm.reduction // kernel_area,
        kernel_area=kernel_area,
        input_rows=1 if flattened else layer.input_shape[1],
        input_row_pixels=1 if flattened else layer.input_shape[2],
        window=window,
        weight_bits=weight_format.bits,
        input_bits=input_format.bits,
        operand_bits=sum(precision.tensors[name].bits for name in layer.operands if name not in resident),
        accumulator_bits=array.accumulator_bits,
        parameter_bytes=hardware.vector.parameter_bytes_per_channel if layer.kind != "matmul" else 0,
        input_resident=layer.inputs[0] in resident,
        shape=array_shape(array, weight_format.bits, input_format.bits),
        dataflow=array.dataflow,
        shadow_registers=array.shadow_registers,
        lanes=hardware.vector.lanes,
    )


def is_flattened(layer: Layer) -> bool:
    """Whether a linear layer reads a whole feature map as one vector (the step from convolutions to a classifier)."""
    return layer.kind == "linear" and layer.gemm is not None and layer.gemm.reduction != layer.input_shape[0]


def stationary_is_transposed(layer: Layer, workload: Workload) -> bool:
    """Whether a matmul multiplies by the transpose of its second tensor (Q K^T), so that its rows are the outputs."""
    assert layer.gemm is not None
    return workload.shape_of(layer.inputs[1])[0] == layer.gemm.groups * layer.gemm.reduction
