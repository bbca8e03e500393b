"""The numbers of a network: those of an encoded file, or drawn; and what of a network can be computed at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelsim.config.hardware import Hardware
from accelsim.errors import InputError
from accelsim.functional.image import PARAMETER_WORDS, WORD_BYTES
from accelsim.functional.vector import operations_after_bias
from accelsim.workload.encoded import encoded_layer, weight_shape
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Layer, Workload
from accelsim.workload.quant_errors import as_input_errors
from quant import NumberFormat, get_format
from quant.encoded import NETWORK_INPUT, EncodedLayer, EncodedModel, StoredTensor, load_encoded
from quant.reference.draw import calibrated, drawn, drawn_layer
from quant.reference.sums import check_exact
from quant.reference.values import SCALED_BITS, Array, Float32Array, LayerValues, NetworkValues

SEED = 0
_WHERE = "--functional"


@dataclass(frozen=True)
class Numbers:
    """The values of a network, and in words where its weights and the scales of its activations are from."""

    values: NetworkValues
    weights: str
    scales: str


def network_numbers(workload: Workload, precision: Precision, encoded: Path | None, images: Float32Array) -> Numbers:
    """Everything that a functional run needs to know; InputError where the file lacks it or it does not fit."""
    formats = {name: get_format(tensor.name, tensor.signed) for name, tensor in precision.tensors.items()}
    _check_formats(workload, precision)
    if encoded is None:
        values = _drawn(workload, precision)
        weights, tensors = f"drawn, seed {SEED}", {}
    else:
        with as_input_errors(str(encoded)):
            model = load_encoded(encoded)
        values = _from_file(workload, model, encoded)
        weights, tensors = str(encoded), _stored_tensors(workload, formats, model, encoded)
    with as_input_errors(_WHERE):
        _check_sums(workload, values, formats)
        if tensors:
            values = NetworkValues(values.layers, tensors, values.vectors)
            return Numbers(values, weights, "of the file")
        return Numbers(calibrated(workload, values, formats, images), weights, "of least error on the input")


def check_supported(workload: Workload, hardware: Hardware) -> None:
    """InputError for a machine or a network whose values the functional run does not carry."""
    if hardware.images != 1:
        raise InputError(_WHERE, f"{hardware.images} images at once", "one: cores_per_image equal to cores")
    least = PARAMETER_WORDS * WORD_BYTES
    if hardware.vector.parameter_bytes_per_channel < least:
        found = f"vector.parameter_bytes_per_channel: {hardware.vector.parameter_bytes_per_channel}"
        raise InputError(_WHERE, found, f"{least} bytes or more: a bias and a factor")
    for layer in workload.layers:
        if layer.is_view:
            raise InputError(_WHERE, f"{layer.place}: a concatenation, whose values are not carried", "none")
        allowed = {"relu", "relu6", "gelu"}
        if layer.on_array:
            allowed |= {"add", "max_pool", "avg_pool", "global_avg_pool"}
        for operation in operations_after_bias(layer) if layer.kind != "matmul" else layer.post:
            if operation.kind not in allowed:
                raise InputError(_WHERE, f"{layer.place}: {operation.kind} where it stands", ", ".join(sorted(allowed)))


def _check_formats(workload: Workload, precision: Precision) -> None:
    """InputError for what the array multiplies without integers for its codes, and for scales that blocks share."""
    multiplied = {name for layer in workload.layers if layer.on_array for name in layer.inputs}
    weights = [(f"the weights of {name}", found, True) for name, found in precision.weights.items()]
    tensors = [(f"tensor {name}", found, name in multiplied) for name, found in precision.tensors.items()]
    for what, found, on_array in weights + tensors:
        blocks = get_format(found.name, found.signed).block_size is not None
        if blocks or (on_array and found.bits > SCALED_BITS):
            raise InputError(_WHERE, f"{what}: {found.name}", f"formats of at most {SCALED_BITS} bits, without blocks")


def _check_sums(workload: Workload, values: NetworkValues, formats: Mapping[str, NumberFormat]) -> None:
    for layer in workload.layers:
        if layer.gemm is not None:
            kept = values.layers[layer.name].number_format if layer.weight_elements else formats[layer.inputs[1]]
            check_exact(layer.name, layer.gemm.reduction, kept, formats[layer.inputs[0]])


def _drawn(workload: Workload, precision: Precision) -> NetworkValues:
    layers, vectors = {}, {}
    for layer in workload.layers:
        name, channels = layer.name, layer.output_shape[0]
        if layer.weight_elements:
            weights = precision.weights[name]
            number_format = get_format(weights.name, weights.signed)
            layers[name] = drawn_layer(name, weight_shape(layer), number_format, SEED, has_bias=_has_bias(layer))
        elif layer.kind == "layer_norm":
            vectors[f"{name}.weight"] = drawn(f"{name}.weight", (channels,), SEED, 0.1, 1.0)
            vectors[f"{name}.bias"] = drawn(f"{name}.bias", (channels,), SEED, 0.1)
        elif layer.kind == "class_token":
            vectors[f"{name}.class_token"] = drawn(f"{name}.class_token", (channels,), SEED)
            shape = (layer.raw_shape[1], channels)
            vectors[f"{name}.position_embedding"] = drawn(f"{name}.position_embedding", shape, SEED, 0.5)
    return NetworkValues(layers, {}, vectors)


def _from_file(workload: Workload, model: EncodedModel, path: Path) -> NetworkValues:
    layers, vectors = {}, {}
    for layer in workload.layers:
        name, channels = layer.name, layer.output_shape[0]
        if layer.weight_elements:
            encoded = encoded_layer(layer, model.layers, path)
            outputs = encoded.shape[0]
            bias = np.zeros(outputs, np.float32)
            if _has_bias(layer):
                bias = _kept(model, path, layer, f"{name}.bias", (outputs,))
            scales = _scale_of_each_output(encoded, layer, path)
            layers[name] = LayerValues(encoded.number_format, encoded.codes.astype(np.uint8), scales, bias)
        elif layer.kind == "layer_norm":
            for part in ("weight", "bias"):
                vectors[f"{name}.{part}"] = _kept(model, path, layer, f"{name}.{part}", (channels,))
        elif layer.kind == "class_token":
            shape = (layer.raw_shape[1], channels)
            vectors[f"{name}.class_token"] = _kept(model, path, layer, f"{name}.class_token", (channels,))
            vectors[f"{name}.position_embedding"] = _kept(model, path, layer, f"{name}.position_embedding", shape)
    return NetworkValues(layers, {}, vectors)


def _has_bias(layer: Layer) -> bool:
    return bool(layer.post) and layer.post[0].kind in ("bias", "batch_norm")


def _kept(model: EncodedModel, path: Path, layer: Layer, name: str, shape: tuple[int, ...]) -> Float32Array:
    """A trained tensor that is kept as it is, in float32."""
    tensor: Array | None = model.kept.get(name)
    if tensor is None:
        allowed = "biases beside the weights, with batch norms folded, as quant.ptq writes them"
        raise InputError(str(path), f"has no tensor {name} for {layer.place}", allowed)
    if tensor.shape != shape or tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
        found = f"tensor {name} is {tensor.dtype} of shape {tensor.shape}"
        raise InputError(str(path), found, f"finite float32 of shape {shape}, as {layer.place}")
    return tensor.astype(np.float32)


def _scale_of_each_output(encoded: EncodedLayer, layer: Layer, path: Path) -> Float32Array:
    granularity = encoded.granularity
    if granularity.group_size is not None or granularity.axis not in (None, 0):
        found = f"{layer.place}: weights with scales {granularity}"
        raise InputError(str(path), found, "a scale for each output or one for the tensor: partial sums have none")
    return np.broadcast_to(encoded.scales, (encoded.shape[0],)).copy()


def _stored_tensors(
    workload: Workload, formats: Mapping[str, NumberFormat], model: EncodedModel, path: Path
) -> dict[str, StoredTensor]:
    """How the file says that each tensor is stored; empty if it says nothing."""
    if not model.activations:
        return {}
    tensors = {}
    for name, number_format in formats.items():
        stored = model.activations.get(NETWORK_INPUT if name == workload.input_name else name)
        if stored is None and number_format.bits > SCALED_BITS:
            stored = StoredTensor(number_format, 1.0)
        if stored is None:
            raise InputError(str(path), f"has no scale for the activations {name!r}", "a scale for every tensor stored")
        if stored.number_format != number_format:
            found = f"activations {name!r} are {_signed_name(stored.number_format)}"
            raise InputError(str(path), found, f"{_signed_name(number_format)}, as the workload has them")
        tensors[name] = stored
    return tensors


def _signed_name(number_format: NumberFormat) -> str:
    return f"{number_format.name}, {'signed' if number_format.signed else 'unsigned'}"
