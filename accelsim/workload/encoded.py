"""A file of encoded layers (`quant encode`) as the precision of a workload: formats, and the bytes of the scales.

Layer NAME of the workload is the tensor `NAME.weight` or `NAME` of the file. Other tensors of the file are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.errors import InputError, nearest_name
from accelsim.workload.allocation import LayerFormats
from accelsim.workload.formats import tensor_format
from accelsim.workload.layers import Layer, Workload
from accelsim.workload.quant_errors import as_input_errors

if TYPE_CHECKING:
    from quant.encoded import EncodedLayer

ENCODED_SUFFIX = ".safetensors"


def read_encoded(workload: Workload, path: Path) -> tuple[dict[str, LayerFormats], dict[str, int]]:
    """The formats of every array layer, and the bytes of the scales of those that have weights.

    A matmul has no weights, so the file does not speak of it: both its operands get the activation format of the layer
    with weights before it (of the first one, where none is before). InputError for a file that is none, lacks a layer,
    has one of another shape, or does not say the format of a layer's input.
    """
    from quant.encoded import load_encoded  # numpy and more, which other runs do not need here

    with as_input_errors(str(path)):
        stored = load_encoded(path).layers
    formats: dict[str, LayerFormats] = {}
    scale_bytes: dict[str, int] = {}
    for layer in workload.layers:
        if layer.weight_elements:
            encoded = encoded_layer(layer, stored, path)
            formats[layer.name] = _formats(layer, encoded, path)
            scale_bytes[layer.name] = encoded.scale_bytes
    return _with_matmuls(workload, formats), scale_bytes


def encoded_layer(layer: Layer, stored: Mapping[str, EncodedLayer], path: Path) -> EncodedLayer:
    """The layer in the file, if its shape is that of the workload."""
    name = next((name for name in (f"{layer.name}.weight", layer.name) if name in stored), None)
    if name is None:
        found = f"has no tensor {layer.name}.weight or {layer.name} for {layer.place}"
        allowed = "an encoded tensor for every conv2d and linear layer of the workload"
        raise InputError(str(path), found, allowed, nearest_name(f"{layer.name}.weight", stored))
    expected = weight_shape(layer)
    if stored[name].shape != expected:
        raise InputError(str(path), f"tensor {name} has shape {stored[name].shape}", f"{expected}, as {layer.place}")
    return stored[name]


def weight_shape(layer: Layer) -> tuple[int, ...]:
    """Of the trained weights, as frameworks store them: (outputs, inputs of a group, kernel height, kernel width)."""
    assert layer.gemm is not None, layer.name
    outputs = layer.gemm.groups * layer.gemm.outputs
    if layer.window is None:
        return outputs, layer.gemm.reduction
    height, width = layer.window.kernel
    return outputs, layer.gemm.reduction // (height * width), height, width


def _formats(layer: Layer, encoded: EncodedLayer, path: Path) -> LayerFormats:
    where = f"{path}: layer {layer.name}"
    if encoded.activations is None:
        found = "the file does not say which format the layer's input has"
        raise InputError(where, found, "a file of `quant encode MODEL --bits w4a8`, or with an allocation as --bits")
    weights = tensor_format(encoded.number_format.name, signed=encoded.number_format.signed, where=where)
    return LayerFormats(weights, tensor_format(encoded.activations, signed=True, where=where), where)


def _with_matmuls(workload: Workload, formats: dict[str, LayerFormats]) -> dict[str, LayerFormats]:
    latest = next(iter(formats.values()), None)
    complete: dict[str, LayerFormats] = {}
    for layer in workload.layers:
        latest = formats.get(layer.name, latest)
        if layer.on_array and latest is not None:
            matmul = LayerFormats(latest.activations, latest.activations, latest.where)
            complete[layer.name] = formats.get(layer.name, matmul)
    return complete
