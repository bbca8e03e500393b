"""The layer graph: shapes, GEMM views, parameters and order, each expected number worked out in the test."""

from __future__ import annotations

from accelsim.workload.layers import Gemm, Layer, Workload
from accelsim.workload.loader import parse_workload


def workload(shape: str, *layers: str) -> Workload:
    lines = ["name: net", f"input: {{name: x, shape: {shape}}}", "layers:", *(f"- {{{layer}}}" for layer in layers)]
    return parse_workload("\n".join(lines), "net.yaml")


def only(shape: str, layer: str) -> Layer:
    return workload(shape, layer).layers[0]


def test_convolution() -> None:
    """(3, 9, 12) by 8 filters of 3x5, stride 2x1, padding 1x0: rows (9+2-3)/2+1 = 5, columns 12-5+1 = 8."""
    layer = only(
        "[3, 9, 12]",
        "name: c, kind: conv2d, input: x, out_channels: 8, kernel: [3, 5], stride: [2, 1], padding: [1, 0], "
        "post: [bias]",
    )
    assert layer.raw_shape == layer.output_shape == (8, 5, 8)
    assert layer.gemm == Gemm(groups=1, pixels=5 * 8, reduction=3 * 3 * 5, outputs=8, rows=5, kernel=(3, 5))
    assert layer.macs == 5 * 8 * 3 * 15 * 8
    assert layer.weight_elements == 8 * 3 * 15
    assert layer.parameters == 8 * 3 * 15 + 8


def test_grouped_convolution() -> None:
    """(4, 6, 6) in 2 groups to 8 channels, 3x3: each group reduces 2*9 and has 4 outputs; weights 8 * 2 * 9."""
    layer = only("[4, 6, 6]", "name: c, kind: conv2d, input: x, out_channels: 8, kernel: 3, groups: 2")
    assert layer.gemm == Gemm(groups=2, pixels=4 * 4, reduction=18, outputs=4, rows=4, kernel=(3, 3))
    assert layer.weight_elements == layer.parameters == 8 * 18


def test_post_operations_in_order() -> None:
    """8x8 -> max pool 2/2 -> 4x4 -> global average -> 1x1; batch norm trains a gain and an offset per channel."""
    layer = only(
        "[2, 8, 8]",
        "name: c, kind: conv2d, input: x, out_channels: 4, kernel: 1, "
        "post: [batch_norm, relu, {max_pool: {kernel: 2, stride: 2}}, global_avg_pool]",
    )
    assert layer.raw_shape == (4, 8, 8)
    assert layer.output_shape == (4, 1, 1)
    assert [op.kind for op in layer.post] == ["batch_norm", "relu", "max_pool", "global_avg_pool"]
    assert layer.post[3].window is not None
    assert layer.post[3].window.kernel == (4, 4)
    assert layer.parameters == 4 * 2 + 2 * 4


def test_linear_on_tokens_flattened_and_on_the_first_token() -> None:
    tokens = only("[6, 5, 1]", "name: l, kind: linear, input: x, out_channels: 7, post: [bias]")
    assert tokens.gemm == Gemm(1, pixels=5, reduction=6, outputs=7)
    assert (tokens.output_shape, tokens.parameters) == ((7, 5, 1), 6 * 7 + 7)

    flat = only("[6, 5, 2]", "name: l, kind: linear, input: x, out_channels: 7, view: flatten")
    assert flat.gemm == Gemm(1, pixels=1, reduction=6 * 5 * 2, outputs=7)
    assert (flat.input_shape, flat.output_shape) == ((6, 5, 2), (7, 1, 1))

    first = only("[6, 5, 1]", "name: l, kind: linear, input: x, out_channels: 7, view: first_token")
    assert first.gemm == Gemm(1, pixels=1, reduction=6, outputs=7)
    assert (first.input_shape, first.output_shape) == ((6, 1, 1), (7, 1, 1))


def test_attention() -> None:
    """5 tokens of 6 features in 2 heads of 3: scores (2*5, 5, 1) reduce over 3 features, the context over 5 tokens."""
    layers = workload(
        "[6, 5, 1]",
        "name: q, kind: linear, input: x, out_channels: 6",
        "name: k, kind: linear, input: x, out_channels: 6",
        "name: v, kind: linear, input: x, out_channels: 6",
        "name: s, kind: matmul, input: q, other: k, heads: 2, transpose_other: true",
        "name: p, kind: softmax, input: s, heads: 2",
        "name: o, kind: matmul, input: p, other: v, heads: 2",
    ).layers
    scores, softmax, context = layers[3:]
    assert scores.gemm == Gemm(groups=2, pixels=5, reduction=3, outputs=5)
    assert scores.output_shape == softmax.output_shape == (10, 5, 1)
    assert context.gemm == Gemm(groups=2, pixels=5, reduction=5, outputs=3)
    assert context.output_shape == (6, 5, 1)
    assert scores.inputs == ("q", "k")
    assert (scores.transposed, context.transposed) == (True, False)
    assert scores.weight_elements == scores.parameters == 0
    assert softmax.macs == 0
    assert not softmax.on_array


def test_vector_layers() -> None:
    layers = workload(
        "[4, 6, 6]",
        "name: pool, kind: pool, mode: max, input: x, kernel: 3, stride: 1, padding: 1",
        "name: sum, kind: add, input: pool, other: x",
        "name: tokens, kind: class_token, input: sum",
        "name: norm, kind: layer_norm, input: tokens",
    ).layers
    assert [layer.output_shape for layer in layers] == [(4, 6, 6), (4, 6, 6), (4, 37, 1), (4, 37, 1)]
    assert layers[1].reads == ("pool", "x")
    # a class token of 4, an embedding of 4 for each of 6*6+1 positions; a gain and an offset per feature
    assert [layer.parameters for layer in layers] == [0, 0, 4 + 4 * 37, 2 * 4]
    assert all(layer.gemm is None for layer in layers)


def test_execution_order_is_the_order_of_the_file() -> None:
    layers = [
        "name: b, kind: conv2d, input: x, out_channels: 2, kernel: 1",
        "name: a, kind: conv2d, input: x, out_channels: 2, kernel: 1",
        "name: c, kind: add, input: a, other: b",
    ]
    assert [layer.name for layer in workload("[2, 2, 2]", *layers).layers] == ["b", "a", "c"]


def test_layers_that_read_too_early_are_moved_behind_what_they_read() -> None:
    """`sum` waits for `b`, `late` does not: the order of the file is kept wherever it can be."""
    layers = [
        "name: sum, kind: add, input: a, other: b",
        "name: a, kind: conv2d, input: x, out_channels: 2, kernel: 1",
        "name: b, kind: conv2d, input: a, out_channels: 2, kernel: 1",
        "name: late, kind: conv2d, input: x, out_channels: 2, kernel: 1",
    ]
    assert [layer.name for layer in workload("[2, 2, 2]", *layers).layers] == ["a", "b", "sum", "late"]


def test_shape_of_any_tensor() -> None:
    net = workload("[2, 4, 4]", "name: a, kind: conv2d, input: x, out_channels: 3, kernel: 2, stride: 2")
    assert (net.shape_of("x"), net.shape_of("a")) == ((2, 4, 4), (3, 2, 2))
