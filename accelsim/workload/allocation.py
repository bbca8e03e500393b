"""A bit allocation: for every array layer the format of its weights and of its activations, by name.

Its file maps layer names to `{weights: dybit4, activations: dybit8}`, in YAML or JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accelsim.config.hardware import Section
from accelsim.config.source import read_yaml, validate
from accelsim.errors import InputError, nearest_name
from accelsim.workload.formats import TensorFormat, parse_bits, tensor_format
from accelsim.workload.layers import Layer, Workload

#: The family that a width such as the 4 in `w4a8` stands for.
DEFAULT_FAMILY = "dybit"


@dataclass(frozen=True, slots=True)
class LayerFormats:
    """Formats of one array layer, in their signed form, and the place that asks for them."""

    weights: TensorFormat
    activations: TensorFormat
    where: str


class AllocationEntry(Section):
    """One layer of an allocation file, by format name."""

    weights: str
    activations: str


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
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise InputError(source.where(), "is not a mapping", "layer name -> {weights: dybit4, activations: dybit8}")
    names = [layer.name for layer in _array_layers(workload)]
    allocation = {}
    for name in source.data:
        where = source.where((name,))
        if name not in names:
            raise InputError(
                where,
                f"layer {name!r} is not one that workload {workload.name!r} runs on the array",
                "its conv2d, linear and matmul layers",
                nearest_name(name, names),
            )
        entry = validate(source, AllocationEntry, at=(name,))
        weights = tensor_format(entry.weights, signed=True, where=source.where((name, "weights")))
        activations = tensor_format(entry.activations, signed=True, where=source.where((name, "activations")))
        allocation[name] = LayerFormats(weights, activations, where)
    missing = [name for name in names if name not in allocation]
    if missing:
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise InputError(source.label, f"no formats for {listed}", "an entry for every layer that runs on the array")
    return allocation


def _array_layers(workload: Workload) -> list[Layer]:
    return [layer for layer in workload.layers if layer.on_array]
