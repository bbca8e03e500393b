"""Which number format every tensor and every layer's weights have: resolved once, before a run.

The rules, for a layer with weights W and activations A:

1. An array layer's input has its A, its trained weights its W. A matmul has no trained weights: its streamed operand
   has A and its stationary operand, a tensor as well, has W.
2. A tensor has one format, whoever reads it: array layers that disagree are an error.
3. A tensor that only the vector unit reads (a residual operand, the input of a softmax) has the format of what it is
   combined into, the reader's output; with several readers the widest, of equally wide ones the earliest reader's.
4. A tensor that nobody reads, the network's result, is not quantised: fp32.
5. A concatenation and its parts have one format, that of array layers that read any of them; where none does, of who
   reads the concatenation (rule 3). They are signed if a part is.
6. Behind relu, relu6 and softmax a tensor is unsigned, and stays so through pools and sums of unsigned tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from accelsim.errors import InputError
from accelsim.workload.allocation import (
    LayerFormats,
    allocation_of_bits,
    in_formats,
    read_allocation,
    uniform_allocation,
)
from accelsim.workload.encoded import ENCODED_SUFFIX, read_encoded
from accelsim.workload.formats import Precision, TensorFormat, is_bits_label, tensor_format
from accelsim.workload.layers import Layer, Workload
from quant.allocation import file as quant_file

UNQUANTISED = "fp32"


def resolve_precision(workload: Workload, bits: str | None = None, *, use_pins: bool = True) -> Precision:
    """The formats of a run.

    `bits` is a layer precision such as `w4a8` (DyBit at these widths for every array layer that the workload does not
    pin), the path of a bit-allocation file, which then speaks for every array layer, that of a file of encoded layers
    (.safetensors), or None for the workload's default. InputError for widths outside 2..8, unknown formats, layers that
    the file lacks or has too many, shapes that differ, and readers of one tensor that want different formats.
    """
    text = workload.bits if bits is None else bits
    if is_bits_label(text):
        pins = workload.pins if use_pins else {}
        return _resolve(workload, allocation_of_bits(workload, text, pins), _label(text, pins))
    if not Path(text).suffix and not Path(text).exists():
        raise InputError("--bits", f"found {text!r}", "a precision such as w4a4, or an allocation or encoded file")
    if Path(text).suffix == ENCODED_SUFFIX:
        formats, scale_bytes = read_encoded(workload, Path(text))
        return replace(_resolve(workload, formats, Path(text).stem), scale_bytes=scale_bytes)
    return _resolve(workload, read_allocation(workload, Path(text)), Path(text).stem)


def allocated_precision(workload: Workload, allocation: Mapping[str, quant_file.LayerFormats], label: str) -> Precision:
    """The formats of an allocation that names every array layer. InputError as `resolve_precision`."""
    return _resolve(workload, in_formats(allocation), label)


def uniform_precision(workload: Workload, format_name: str) -> Precision:
    """One format for all weights and tensors but the result, pins ignored: what a baseline runs at."""
    return _resolve(workload, uniform_allocation(workload, format_name), format_name)


def signed_tensors(workload: Workload) -> dict[str, bool]:
    """Whether each tensor, the network's input included, is stored with a sign (rules 5 and 6)."""
    signed = {workload.input_name: True}
    for layer in workload.layers:
        signed[layer.name] = _signed_result(layer, signed)
    storage = workload.storage
    return {tensor: signed[storage[tensor]] for tensor in signed}


def _signed_result(layer: Layer, signed: Mapping[str, bool]) -> bool:
    match layer.kind:
        case "softmax":
            result = False
        case "pool" | "add" | "concat":
            result = any(signed[tensor] for tensor in layer.inputs)
        case _:
            result = True
    for operation in layer.post:
        match operation.kind:
            case "relu" | "relu6":
                result = False
            case "bias" | "batch_norm":
                result = True
            case "add":
                result = result or signed[operation.operand or ""]
    return result


def _resolve(workload: Workload, allocation: Mapping[str, LayerFormats], label: str) -> Precision:
    signed = signed_tensors(workload)
    formats = _array_read_formats(workload, allocation)
    readers: dict[str, list[str]] = {tensor: [] for tensor in signed}
    storage = workload.storage
    for layer in workload.layers:
        for tensor in layer.reads:
            readers[tensor].append(layer.name)
    unquantised = tensor_format(UNQUANTISED, signed=True, where=label)
    for tensor in reversed(signed):  # readers come after what they read, so theirs is known
        if storage[tensor] not in formats:
            results = [formats[reader] for reader in readers[tensor]]
            formats[tensor] = max(results, key=lambda result: result.bits, default=unquantised)
        formats[tensor] = formats[storage[tensor]]
    return Precision(
        label=label,
        weights={
            layer.name: allocation[layer.name].weights
            for layer in workload.layers
            if layer.name in allocation and layer.weight_elements
        },
        tensors={
            tensor: tensor_format(formats[tensor].name, signed=has_sign, where=label)
            for tensor, has_sign in signed.items()
        },
    )


def _array_read_formats(workload: Workload, allocation: Mapping[str, LayerFormats]) -> dict[str, TensorFormat]:
    """Formats of the tensors that array layers read, a part of a concatenation counted as the whole (rules 1, 2, 5)."""
    first: dict[str, tuple[str, TensorFormat]] = {}
    storage = workload.storage
    for layer in workload.layers:
        if not layer.on_array:
            continue
        wanted = allocation[layer.name]
        read = [storage[tensor] for tensor in layer.inputs]
        for tensor, wanted_format in zip(read, (wanted.activations, wanted.weights), strict=False):
            reader, known = first.setdefault(tensor, (layer.name, wanted_format))
            if known != wanted_format:
                raise InputError(
                    wanted.where,
                    f"two readers of tensor {tensor!r} want different formats: {reader!r} reads {known.name}, "
                    f"{layer.name!r} reads {wanted_format.name}",
                    "one format for a tensor, whoever reads it",
                )
    return {tensor: known for tensor, (_, known) in first.items()}


def _label(bits: str, pins: Mapping[str, str]) -> str:
    """`w4a4 (w8a8: conv1, fc)`: how reports call a precision with pins."""
    layers_by_bits: dict[str, list[str]] = {}
    for layer, pinned in pins.items():
        layers_by_bits.setdefault(pinned, []).append(layer)
    notes = [
        f"{pinned}: {', '.join(layers) if len(layers) <= 3 else f'{len(layers)} layers'}"
        for pinned, layers in layers_by_bits.items()
    ]
    return f"{bits} ({'; '.join(notes)})" if notes else bits
