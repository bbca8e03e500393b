"""Shapes, GEMM view and parameter counts of one layer, from its description and the tensors it reads. Pure functions.

| kind | reads | gives | groups x (pixels x reduction x outputs) |
|---|---|---|---|
| conv2d | (C, H, W) | (K, OH, OW) | groups x (OH*OW x C/groups*kh*kw x K/groups) |
| linear | (F, T, 1) | (K, T, 1) | 1 x (T x F x K) |
| matmul, transposed | (h*d, T, 1), (h*d, S, 1) | (h*S, T, 1) | h x (T x d x S) |
| matmul | (h*S, T, 1), (h*d, S, 1) | (h*d, T, 1) | h x (T x S x d) |
| concat | (C1, H, W), (C2, H, W), ... | (C1 + C2 + ..., H, W) | none |
| class_token | (F, H, W) | (F, H*W + 1, 1) | none |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from accelsim.errors import InputError
from accelsim.workload.layers import Gemm, PostOp, Shape, Window, elements
from accelsim.workload.schema import (
    AddSpec,
    ClassTokenSpec,
    ConcatSpec,
    Conv2dSpec,
    LayerNormSpec,
    LayerSpec,
    LinearSpec,
    MatmulSpec,
    PoolSpec,
    PostEntry,
    SoftmaxSpec,
    post_op,
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor and the place of the file that makes it, as error messages name it."""

    name: str
    shape: Shape
    where: str

    def __str__(self) -> str:
        return f"{self.name!r} {list(self.shape)} ({self.where})"


@dataclass(frozen=True, slots=True)
class Body:
    """A layer without its post-operations: the fields of `Layer` that depend on its kind."""

    input_shape: Shape
    raw_shape: Shape
    window: Window | None = None
    groups: int = 1
    gemm: Gemm | None = None
    weight_elements: int = 0
    parameters: int = 0
    transposed: bool = False
    pool_mode: Literal["max", "avg"] | None = None


def layer_body(spec: LayerSpec, inputs: Sequence[Tensor], where: str) -> Body:
    """Infer a layer from the tensors it reads; InputError at `where` when they do not fit its kind."""
    return _BODIES[type(spec)](spec, inputs, where)


def post_operations(
    post: Sequence[PostEntry], shape: Shape, tensors: Mapping[str, Tensor], where: str
) -> tuple[tuple[PostOp, ...], Shape, int]:
    """The operations, the shape after them and the numbers trained for them (batch norm: gain and offset)."""
    operations, parameters = [], 0
    for operation in map(post_op, post):
        match operation.kind:
            case "bias":
                parameters += shape[0]
            case "batch_norm":
                parameters += 2 * shape[0]
            case "global_avg_pool":
                operation = replace(operation, window=Window(kernel=shape[1:], stride=shape[1:], padding=(0, 0)))
        if operation.operand is not None:
            _require_equal(f"the result {list(shape)} so far", shape, tensors[operation.operand], where)
        if operation.window is not None:
            shape = _windowed(shape, operation.window, shape[0], where)
        operations.append(operation)
    return tuple(operations), shape, parameters


def _conv2d(spec: Conv2dSpec, inputs: Sequence[Tensor], where: str) -> Body:
    channels = inputs[0].shape[0]
    for count, what in ((channels, f"channels of {inputs[0]}"), (spec.out_channels, "out_channels")):
        if count % spec.groups:
            raise InputError(where, f"groups {spec.groups} does not divide the {count} {what}", f"divisors of {count}")
    window = spec.window
    raw = _windowed(inputs[0].shape, window, spec.out_channels, where)
    reduction = channels // spec.groups * math.prod(window.kernel)
    gemm = Gemm(spec.groups, raw[1] * raw[2], reduction, spec.out_channels // spec.groups, raw[1], window.kernel)
    weights = reduction * spec.out_channels
    return Body(inputs[0].shape, raw, window, spec.groups, gemm, weights, weights)


def _linear(spec: LinearSpec, inputs: Sequence[Tensor], where: str) -> Body:
    shape = inputs[0].shape
    if spec.view == "flatten":
        features, tokens = elements(shape), 1
    else:
        _require_tokens(inputs[0], where, "; `view: flatten` reads it as one vector")
        if spec.view == "first_token":
            shape = (shape[0], 1, 1)
        features, tokens, _ = shape
    weights = features * spec.out_channels
    gemm = Gemm(1, tokens, features, spec.out_channels)
    return Body(shape, (spec.out_channels, tokens, 1), None, 1, gemm, weights, weights)


def _matmul(spec: MatmulSpec, inputs: Sequence[Tensor], where: str) -> Body:
    streamed, stationary = inputs
    heads = spec.heads
    for tensor in inputs:
        _require_tokens(tensor, where)
        _require_heads(tensor, heads, where)
    pixels = streamed.shape[1]
    reduction = streamed.shape[0] // heads
    per_head, tokens = stationary.shape[0] // heads, stationary.shape[1]
    stationary_reduction, outputs = (per_head, tokens) if spec.transpose_other else (tokens, per_head)
    if reduction != stationary_reduction:
        axis = "features per head" if spec.transpose_other else "tokens"
        raise InputError(
            where,
            f"matmul of {streamed} by {stationary} with {heads} heads: {reduction} features per head meet "
            f"{stationary_reduction} {axis}",
            "equal sizes",
        )
    gemm = Gemm(heads, pixels, reduction, outputs)
    raw = (heads * outputs, pixels, 1)
    return Body(streamed.shape, raw, groups=heads, gemm=gemm, transposed=spec.transpose_other)


def _pool(spec: PoolSpec, inputs: Sequence[Tensor], where: str) -> Body:
    shape = inputs[0].shape
    return Body(shape, _windowed(shape, spec.window, shape[0], where), spec.window, pool_mode=spec.mode)


def _add(spec: AddSpec, inputs: Sequence[Tensor], where: str) -> Body:
    _require_equal(str(inputs[0]), inputs[0].shape, inputs[1], where)
    return Body(inputs[0].shape, inputs[0].shape)


def _concat(spec: ConcatSpec, inputs: Sequence[Tensor], where: str) -> Body:
    first = inputs[0]
    for other in inputs[1:]:
        if other.shape[1:] != first.shape[1:]:
            raise InputError(where, f"concat of {first} and {other}", "tensors of equal height and width")
    shape = (sum(tensor.shape[0] for tensor in inputs), *first.shape[1:])
    return Body(shape, shape)


def _softmax(spec: SoftmaxSpec, inputs: Sequence[Tensor], where: str) -> Body:
    _require_heads(inputs[0], spec.heads, where)
    return Body(inputs[0].shape, inputs[0].shape, groups=spec.heads)


def _layer_norm(spec: LayerNormSpec, inputs: Sequence[Tensor], where: str) -> Body:
    shape = inputs[0].shape
    return Body(shape, shape, parameters=2 * shape[0])


def _class_token(spec: ClassTokenSpec, inputs: Sequence[Tensor], where: str) -> Body:
    features, height, width = inputs[0].shape
    raw = (features, height * width + 1, 1)
    return Body(inputs[0].shape, raw, parameters=features + elements(raw))


_BODIES: dict[type[LayerSpec], Callable[..., Body]] = {
    Conv2dSpec: _conv2d,
    LinearSpec: _linear,
    MatmulSpec: _matmul,
    PoolSpec: _pool,
    AddSpec: _add,
    ConcatSpec: _concat,
    SoftmaxSpec: _softmax,
    LayerNormSpec: _layer_norm,
    ClassTokenSpec: _class_token,
}


def _windowed(shape: Shape, window: Window, channels: int, where: str) -> Shape:
    for axis, size, kernel, padding in zip(("high", "wide"), shape[1:], window.kernel, window.padding, strict=True):
        if padding >= kernel:
            raise InputError(where, f"padding {padding} for a kernel {kernel} {axis}", f"0..{kernel - 1}")
        if kernel > size + 2 * padding:
            raise InputError(
                where,
                f"kernel {kernel} {axis} over an input {list(shape)} padded by {padding}",
                f"at most {size + 2 * padding}",
            )
    return (channels, *window.output_size(*shape[1:]))


def _require_equal(result: str, shape: Shape, operand: Tensor, where: str) -> None:
    if operand.shape != shape:
        raise InputError(where, f"add of {operand} to {result}", "tensors of equal shape")


def _require_heads(tensor: Tensor, heads: int, where: str) -> None:
    if tensor.shape[0] % heads:
        raise InputError(
            where, f"heads {heads} does not divide the channels of {tensor}", f"divisors of {tensor.shape[0]}"
        )


def _require_tokens(tensor: Tensor, where: str, hint: str = "") -> None:
    if tensor.shape[2] != 1:
        raise InputError(where, f"reads {tensor}", f"a sequence [features, tokens, 1]{hint}")
