"""A bit allocation: for every array layer the format of its weights and of its activations, by name.

Its file is that of `quant.allocation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accelsim.errors import InputError
from accelsim.workload.formats import TensorFormat, parse_bits, tensor_format
from accelsim.workload.layers import Layer, Workload
from accelsim.workload.quant_errors import as_input_errors
from quant.allocation import file as quant_file

#: The family that a width such as the 4 in `w4a8` stands for.
DEFAULT_FAMILY = "dybit"


@dataclass(frozen=True, slots=True)
class LayerFormats:
    """Formats of one array layer, in their signed form, and the place that asks for them."""

    weights: TensorFormat
    activations: TensorFormat
    where: str


def allocation_of_bits(workload: Workload, bits: str, pins: Mapping[str, str]) -> dict[str, LayerFormats]:
    """DyBit at the widths of `bits`, such as `w4a8`, with the exceptions of `pins`; InputError outside 2..8."""
    try:
        parse_bits(bits)
    except ValueError as error:
        raise InputError("--bits", f"found {bits!r}", str(error)) from None
    allocation = {}
    for layer in _array_layers(workload):
        where = layer.where or workload.name
        weights, activations = (
            tensor_format(f"{DEFAULT_FAMILY}{width}", signed=True, where=where)
            for width in parse_bits(pins.get(layer.name, bits))
        )
        allocation[layer.name] = LayerFormats(weights, activations, where)
    return allocation


def uniform_allocation(workload: Workload, format_name: str) -> dict[str, LayerFormats]:
    """The same format for all weights and activations; InputError when it is unknown."""
    everywhere = tensor_format(format_name, signed=True, where=f"precision of {workload.name}")
    return {layer.name: LayerFormats(everywhere, everywhere, workload.name) for layer in _array_layers(workload)}


def read_allocation(workload: Workload, path: Path) -> dict[str, LayerFormats]:
    """Read an allocation file that names every array layer of the workload, and nothing else."""
    with as_input_errors(str(path)):
        allocation = quant_file.read_allocation(path)
        names = [layer.name for layer in _array_layers(workload)]
        quant_file.check_layers(allocation, names, f"workload {workload.name!r} (conv2d, linear and matmul)")
    return in_formats(allocation)


def in_formats(allocation: Mapping[str, quant_file.LayerFormats]) -> dict[str, LayerFormats]:
    """An allocation by name with its formats; InputError for an unknown one."""
    return {
        name: LayerFormats(
            tensor_format(formats.weights, signed=True, where=formats.where),
            tensor_format(formats.activations, signed=True, where=formats.where),
            formats.where,
        )
        for name, formats in allocation.items()
    }


def _array_layers(workload: Workload) -> list[Layer]:
    return [layer for layer in workload.layers if layer.on_array]
