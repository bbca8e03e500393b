"""Where everything lies in DRAM."""

from __future__ import annotations

from typing import NamedTuple

from accelsim.config.hardware import Hardware
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.vector_plan import PARAMETER_BYTES
from accelsim.units import bits_to_bytes, ceil_div
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload

#: Regions start at multiples of this, so that a tensor starts on a DRAM row of any preset.
REGION_ALIGNMENT_BYTES = 64 * 1024


class MemoryMap(NamedTuple):
    """Layout of every activation tensor, address of every layer's trained numbers, and the bytes that all span."""

    layouts: dict[str, TensorLayout]
    parameter_addresses: dict[str, int]
    footprint_bytes: int


def memory_map(workload: Workload, hardware: Hardware, precision: Precision) -> MemoryMap:
    """Weights and other trained numbers first, layer after layer, then the tensors, each at the next free region."""
    address = 0
    parameters: dict[str, int] = {}
    for layer in workload.layers:
        parameters[layer.name] = address
        if layer.weight_elements:
            address += hardware.cores_per_image - 1  # each core's share of the weights ends on a byte
            address += bits_to_bytes(layer.weight_elements * precision.weights[layer.name].bits)
            address += layer.raw_shape[0] * hardware.vector.parameter_bytes_per_channel
            address += precision.scale_bytes.get(layer.name, 0)
        elif not layer.on_array:
            address += layer.parameters * PARAMETER_BYTES
        address = _aligned(address)
    parts, storage = _layout_parts(workload), workload.storage
    layouts: dict[str, TensorLayout] = {}
    shapes = {
        workload.input_name: workload.input_shape,
        **{layer.name: layer.output_shape for layer in workload.layers},
    }
    for name, shape in shapes.items():
        if storage[name] == name:
            layouts[name] = TensorLayout(address, shape, precision.tensors[name].bits, parts[name])
            address = _aligned(address + layouts[name].size_bytes)
    for layer in reversed(workload.layers):  # the outermost concatenation first
        first_channel = 0
        for name in layer.inputs if layer.is_view else ():
            layouts[name] = layouts[layer.name].part(first_channel, shapes[name][0], parts[name])
            first_channel += shapes[name][0]
    return MemoryMap(layouts, parameters, address)


def _layout_parts(workload: Workload) -> dict[str, tuple[int, ...]]:
    """Channel blocks restart at every head of an attention matrix, through the softmax, and in a concatenation."""
    parts: dict[str, tuple[int, ...]] = {workload.input_name: ()}
    for layer in workload.layers:
        parts[layer.name] = ()
        if layer.is_view:
            parts[layer.name] = tuple(
                size for name in layer.inputs for size in parts[name] or (workload.shape_of(name)[0],)
            )
        elif layer.kind == "softmax":
            parts[layer.name] = parts[layer.inputs[0]]
        elif layer.kind == "matmul" and layer.groups > 1:
            parts[layer.name] = (layer.output_shape[0] // layer.groups,) * layer.groups
    return parts


def _aligned(address: int) -> int:
    return ceil_div(address, REGION_ALIGNMENT_BYTES) * REGION_ALIGNMENT_BYTES
