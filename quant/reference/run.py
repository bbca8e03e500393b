"""A network layer by layer, whole tensors at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from quant.encoded import StoredTensor
from quant.reference import vector
from quant.reference.graph import Layer, Network, PostOp
from quant.reference.sums import check_exact, convolution_sums, fixed_point, matmul_sums
from quant.reference.values import Float32Array, NetworkValues, decode_tensor, encode_tensor

Codes = npt.NDArray[np.unsignedinteger[Any]]

Stored = Callable[[str, Float32Array], StoredTensor]
"""How a tensor is stored, given its name and its numbers."""


def run_reference(
    network: Network, values: NetworkValues, images: Float32Array, stored: Stored | None = None
) -> dict[str, Codes]:
    """The codes of every tensor by name, the input included; each has shape (images, channels, height, width).

    `images` as `checked_images` gives them. `stored` decides how a tensor is stored when it is made; by default that is
    what `values` says. Raises DataError for a layer whose sums would not be exact.
    """
    run = _Run(values, stored or (lambda name, _: values.tensors[name]))
    run.keep(network.input_name, images)
    for layer in network.layers:
        run.keep(layer.name, run.result_of(layer))
    return run.codes


class _Run:
    def __init__(self, values: NetworkValues, stored: Stored) -> None:
        self._values, self._stored = values, stored
        self._tensors: dict[str, StoredTensor] = {}
        self.codes: dict[str, Codes] = {}

    def keep(self, name: str, numbers: Float32Array) -> None:
        """Encode a tensor and store it."""
        self._tensors[name] = self._stored(name, numbers)
        self.codes[name] = encode_tensor(numbers, self._tensors[name])

    def result_of(self, layer: Layer) -> Float32Array:
        """A layer's result, before it is encoded."""
        post = list(layer.post)
        if layer.kind in ("conv2d", "linear"):
            x = self._weighted(layer)
            while post and post[0].kind in ("bias", "batch_norm"):
                del post[0]
        else:
            x = self._matmul(layer) if layer.kind == "matmul" else self._vector(layer)
        for operation in post:
            x = self._after(operation, x)
        return x

    def _weighted(self, layer: Layer) -> Float32Array:
        """A convolution or linear layer, with its bias."""
        values, tensor = self._values.layers[layer.name], self._tensors[layer.inputs[0]]
        weights, inputs = fixed_point(values.number_format), fixed_point(tensor.number_format)
        check_exact(layer.name, values.codes[0].size, values.number_format, tensor.number_format)
        x = inputs.integers[self.codes[layer.inputs[0]]]
        shape = (*values.codes.shape[:2], 1, 1) if values.codes.ndim == 2 else values.codes.shape
        if layer.kind == "linear":
            features = shape[1]
            x = x[:, :, :1] if layer.input_shape[1] == 1 else x
            x = x if x.shape[1] == features else x.reshape(x.shape[0], features, 1, 1)
        sums = convolution_sums(x, weights.integers[values.codes].reshape(shape), layer.window, layer.groups)
        factors = np.float64(tensor.scale) * values.scales.astype(np.float64)
        multipliers = np.ldexp(factors, -weights.fraction_bits - inputs.fraction_bits).astype(np.float32)
        return sums.astype(np.float32) * multipliers[:, None, None] + values.bias[:, None, None]

    def _matmul(self, layer: Layer) -> Float32Array:
        tensors = [self._tensors[name] for name in layer.inputs]
        streamed, kept = (fixed_point(tensor.number_format) for tensor in tensors)
        x, other = streamed.integers[self.codes[layer.inputs[0]]], kept.integers[self.codes[layer.inputs[1]]]
        reduction = x.shape[1] // layer.groups
        check_exact(layer.name, reduction, tensors[1].number_format, tensors[0].number_format)
        sums = matmul_sums(x, other, layer.groups, transposed=layer.transposed)
        factor = np.float64(tensors[0].scale) * np.float64(tensors[1].scale)
        return sums.astype(np.float32) * np.float32(np.ldexp(factor, -streamed.fraction_bits - kept.fraction_bits))

    def _vector(self, layer: Layer) -> Float32Array:
        x, name, trained = self._decoded(layer.inputs[0]), layer.name, self._values.vectors
        match layer.kind:
            case "softmax":
                return vector.softmax(x, layer.groups)
            case "layer_norm":
                return vector.layer_norm(x, trained[f"{name}.weight"], trained[f"{name}.bias"])
            case "class_token":
                return vector.class_token(x, trained[f"{name}.class_token"], trained[f"{name}.position_embedding"])
            case "add":
                return x + self._decoded(layer.inputs[1])
        assert layer.window is not None, layer.kind
        return vector.max_pool(x, layer.window) if layer.pool_mode == "max" else vector.avg_pool(x, layer.window)

    def _after(self, operation: PostOp, x: Float32Array) -> Float32Array:
        match operation.kind:
            case "relu":
                return vector.relu(x)
            case "relu6":
                return vector.relu6(x)
            case "gelu":
                return vector.gelu(x)
            case "add":
                return x + self._decoded(operation.operand or "")
        assert operation.window is not None, operation.kind
        return (vector.max_pool if operation.kind == "max_pool" else vector.avg_pool)(x, operation.window)

    def _decoded(self, name: str) -> Float32Array:
        return decode_tensor(self.codes[name], self._tensors[name])
