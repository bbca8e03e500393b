"""A network as rows of plain data: what `accelsim show workload` prints."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.workload.layers import Gemm, Layer, PostOp, Shape, Workload


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer; `gemm` is None for layers of the vector unit. Counts are of one image."""

    name: str
    kind: str
    reads: tuple[str, ...]
    input_shape: Shape
    output_shape: Shape
    post: tuple[str, ...]
    gemm: Gemm | None
    macs: int
    parameters: int
    pinned: str | None


def layer_rows(workload: Workload) -> list[LayerRow]:
    """One row per layer, in execution order."""
    return [_row(layer, workload.pins.get(layer.name)) for layer in workload.layers]


def shape_text(shape: Shape) -> str:
    """`(64, 56, 56)` -> `64x56x56`."""
    return "x".join(map(str, shape))


def gemm_text(gemm: Gemm | None) -> str:
    """`49 x 4608 x 512`: pixels x reduction x outputs, with `32 * ` before it when there are 32 groups."""
    if gemm is None:
        return ""
    product = f"{gemm.pixels} x {gemm.reduction} x {gemm.outputs}"
    return f"{gemm.groups} * ({product})" if gemm.groups > 1 else product


def _row(layer: Layer, pinned: str | None) -> LayerRow:
    return LayerRow(
        name=layer.name,
        kind=layer.kind,
        reads=layer.reads,
        input_shape=layer.input_shape,
        output_shape=layer.output_shape,
        post=tuple(map(_post_text, layer.post)),
        gemm=layer.gemm,
        macs=layer.macs,
        parameters=layer.parameters,
        pinned=pinned,
    )


def _post_text(operation: PostOp) -> str:
    return f"add {operation.operand}" if operation.operand else operation.kind
