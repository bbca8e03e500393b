"""Layers and tensors of a network, batch 1, as plain frozen data. Shapes are (channels, height, width).

A sequence of tokens is a tensor of shape (features, tokens, 1). Array layers (conv2d, linear, matmul) run on the PE
array and end in post-operations on the vector unit; vector layers (pool, softmax, layer_norm, ...) use only the latter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Shape = tuple[int, int, int]
LayerKind = Literal["conv2d", "linear", "matmul", "pool", "add", "concat", "softmax", "layer_norm", "class_token"]
PostKind = Literal["bias", "batch_norm", "relu", "relu6", "gelu", "add", "max_pool", "avg_pool", "global_avg_pool"]

ARRAY_KINDS = frozenset({"conv2d", "linear", "matmul"})


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window: kernel, stride and zero padding as (vertical, horizontal) pairs."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the result: floor((size + 2 * padding - kernel) / stride) + 1."""
        return (
            (height + 2 * self.padding[0] - self.kernel[0]) // self.stride[0] + 1,
            (width + 2 * self.padding[1] - self.kernel[1]) // self.stride[1] + 1,
        )


@dataclass(frozen=True, slots=True)
class PostOp:
    """One operation of the vector unit on a layer's result; `operand` names the tensor that an `add` reads."""

    kind: PostKind
    operand: str | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Gemm:
    """The multiplication a layer is, `groups` times: (pixels x reduction) by (reduction x outputs).

    The pixels are in `rows` rows of the image, the reduction goes over the channels under each position of `kernel`.
    """

    groups: int
    pixels: int
    reduction: int
    outputs: int
    rows: int = 1
    kernel: tuple[int, int] = (1, 1)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all groups."""
        return self.groups * self.pixels * self.reduction * self.outputs


@dataclass(frozen=True, slots=True)
class Layer:
    """One node of the graph; its output tensor bears its name.

    `inputs` are the tensors it reads: one, for matmul the streamed and the stationary operand, for add both,
    for concat all that it puts one behind the other along the channels.
    `input_shape` is what it reads of the first: all of it, or only the first token of a sequence; a linear layer
    whose reduction is longer than the channels reads a feature map flattened. `output_shape` is after the
    post-operations, `raw_shape` before them (they differ when a pool follows). `groups` are convolution groups or
    attention heads. `weight_elements` are trained numbers that the array multiplies by (none for matmul);
    `parameters` are all that frameworks count: with bias, batch norm and layer norm (gain and offset), class token and
    position embeddings. `transposed` says that a matmul multiplies by the transpose of its stationary operand,
    reducing over features (Q K^T); `pool_mode` is what a `pool` layer reduces a window to. `where` is the layer's place
    in the file.
    """

    name: str
    kind: LayerKind
    inputs: tuple[str, ...]
    input_shape: Shape
    raw_shape: Shape
    output_shape: Shape
    window: Window | None
    groups: int
    post: tuple[PostOp, ...]
    gemm: Gemm | None
    weight_elements: int
    parameters: int
    transposed: bool = False
    pool_mode: Literal["max", "avg"] | None = None
    where: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """How messages point at it: `net.yaml:12: layer fc`; the name alone when it comes from no file."""
        return f"{self.where}: layer {self.name}" if self.where else f"layer {self.name}"

    @property
    def on_array(self) -> bool:
        """Whether the PE array computes it (otherwise the vector unit alone does)."""
        return self.kind in ARRAY_KINDS

    @property
    def is_view(self) -> bool:
        """Whether it computes nothing: a concatenation is a name for tensors that lie one behind the other."""
        return self.kind == "concat"

    @property
    def macs(self) -> int:
        """Multiply-accumulates, zero for vector layers."""
        return self.gemm.macs if self.gemm else 0

    @property
    def operands(self) -> tuple[str, ...]:
        """Tensors that post-operations read beside the layer's own result (residual adds)."""
        return tuple(op.operand for op in self.post if op.operand is not None)

    @property
    def reads(self) -> tuple[str, ...]:
        """Every tensor the layer reads."""
        return self.inputs + self.operands


@dataclass(frozen=True, slots=True)
class Workload:
    """A network: its layers in execution order (every tensor is produced before it is read), and its defaults.

    `pins` maps layer names to a precision such as `w8a8` that the file fixes for them.
    """

    name: str
    description: str
    hardware: str
    bits: str
    pins: dict[str, str]
    input_name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Trained numbers, as frameworks count them."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def storage(self) -> dict[str, str]:
        """The tensor that each tensor lies in: the outermost concatenation that it is a part of, or itself."""
        found: dict[str, str] = {}
        for layer in reversed(self.layers):
            whole = found.setdefault(layer.name, layer.name)
            if layer.is_view:
                found.update(dict.fromkeys(layer.inputs, whole))
        found.setdefault(self.input_name, self.input_name)
        return found

    def shape_of(self, tensor: str) -> Shape:
        """Shape of a tensor by name; KeyError when the network has no such tensor."""
        if tensor == self.input_name:
            return self.input_shape
        return next(layer.output_shape for layer in self.layers if layer.name == tensor)


def elements(shape: Shape) -> int:
    """Number of elements of a tensor."""
    return math.prod(shape)
