"""The reference against torch in float64 on the same rounded numbers: layer by layer, up to float32's rounding.

A layer's result in fp32 is compared, so that no code can tip over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accelsim.workload.loader import parse_workload
from quant.encoded import StoredTensor
from quant.formats import get_format
from quant.reference import NetworkValues, run_reference
from quant.reference.draw import drawn, drawn_layer
from quant.reference.values import decode_tensor

torch = pytest.importorskip("torch")
functional = torch.nn.functional

SHAPE = (6, 9, 8)
PIXEL = StoredTensor(get_format("dybit8"), 0.25)
RESULT = StoredTensor(get_format("fp32"), 1.0)


def both(layer: str, shape: tuple[int, ...] = ()) -> tuple[np.ndarray, Any, Any, Any]:
    """The reference's result of a layer `a` on an image; the decoded image, weights and bias as torch tensors."""
    workload = parse_workload(f"{{name: n, input: {{shape: {list(SHAPE)}}}, layers: [{layer}]}}")
    layers = {"a": drawn_layer("a", shape, get_format("dybit4"), 0, has_bias=True)} if shape else {}
    vectors = {"a.weight": drawn("gain", SHAPE[:1], 0), "a.bias": drawn("offset", SHAPE[:1], 0)}
    values = NetworkValues(layers, {"image": PIXEL, "a": RESULT}, vectors)
    found = run_reference(workload, values, drawn("image", (2, *SHAPE), 0))
    image = torch.from_numpy(decode_tensor(found["image"], PIXEL)).double()
    weights = bias = None
    if shape:
        scales = layers["a"].scales.reshape(-1, *[1] * (len(shape) - 1))
        weights = torch.from_numpy(layers["a"].number_format.decode(layers["a"].codes, scales))
        bias = torch.from_numpy(layers["a"].bias).double()
    return decode_tensor(found["a"], RESULT), image, weights, bias


def close(found: np.ndarray, expected: Any) -> None:
    assert found.shape == tuple(expected.shape)
    np.testing.assert_allclose(found, expected.numpy(), rtol=2e-6, atol=2e-6 * float(expected.abs().max()))


@pytest.mark.parametrize(
    ("keys", "shape", "options"),
    [
        ("kernel: 3, padding: 1", (4, 6, 3, 3), {"padding": 1}),
        ("kernel: [3, 2], stride: [2, 3], padding: [2, 1]", (4, 6, 3, 2), {"stride": (2, 3), "padding": (2, 1)}),
        ("kernel: 3, groups: 6", (4, 1, 3, 3), {"groups": 6}),
        ("kernel: 1, stride: 3, groups: 2", (4, 3, 1, 1), {"stride": 3, "groups": 2}),
    ],
)
def test_convolutions(keys: str, shape: tuple[int, ...], options: dict[str, Any]) -> None:
    outputs = shape[0] if "groups: 6" not in keys else 12
    shape = (outputs, *shape[1:])
    found, image, weights, bias = both(
        f"{{name: a, kind: conv2d, input: image, out_channels: {outputs}, {keys}, post: [bias]}}", shape
    )
    close(found, functional.conv2d(image, weights, bias, **options))


def test_a_flattened_linear_layer() -> None:
    found, image, weights, bias = both(
        "{name: a, kind: linear, input: image, view: flatten, out_channels: 5, post: [bias]}", (5, 6 * 9 * 8)
    )
    close(found, functional.linear(image.flatten(1), weights, bias)[..., None, None])


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("relu6", functional.relu6),
        ("gelu", functional.gelu),
        ("{max_pool: {kernel: 3, stride: 2, padding: 1}}", lambda x: functional.max_pool2d(x, 3, 2, 1)),
        ("{avg_pool: {kernel: 3, stride: 2, padding: 1}}", lambda x: functional.avg_pool2d(x, 3, 2, 1)),
        ("global_avg_pool", lambda x: functional.adaptive_avg_pool2d(x, 1)),
        ("{add: image}", None),
    ],
)
def test_post_operations(operation: str, expected: Any) -> None:
    layer = f"{{name: a, kind: conv2d, input: image, out_channels: 6, kernel: 1, post: [bias, {operation}]}}"
    found, image, weights, bias = both(layer, (6, 6, 1, 1))
    raw = functional.conv2d(image, weights, bias)
    close(found, raw + image if expected is None else expected(raw))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("kind: pool, mode: max, kernel: 2, stride: 2", lambda x: functional.max_pool2d(x, 2, 2)),
        ("kind: pool, mode: avg, kernel: 2, stride: 1", lambda x: functional.avg_pool2d(x, 2, 1)),
        ("kind: add, other: image", lambda x: 2 * x),
        ("kind: softmax, heads: 2", lambda x: x.unflatten(1, (2, 3)).softmax(2).flatten(1, 2)),
    ],
)
def test_layers_of_the_vector_unit(layer: str, expected: Any) -> None:
    found, image, _, _ = both(f"{{name: a, input: image, {layer}}}")
    close(found, expected(image))


def test_layer_norm() -> None:
    found, image, _, _ = both("{name: a, kind: layer_norm, input: image}")
    gain, offset = (torch.from_numpy(drawn(name, SHAPE[:1], 0)).double() for name in ("gain", "offset"))
    expected = functional.layer_norm(image.movedim(1, -1), SHAPE[:1], gain, offset, eps=1e-6)
    close(found, expected.movedim(-1, 1))
