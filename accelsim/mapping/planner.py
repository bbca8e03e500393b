"""From a network, a machine and a precision to a schedule: addresses, residency, tilings, then every layer's plan."""

from __future__ import annotations

from accelsim.config.hardware import Hardware
from accelsim.mapping.array_plan import ArrayPlanner
from accelsim.mapping.context import PlanContext
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.residency import LayerCosts, last_readers, plan_residency
from accelsim.mapping.schedule import LayerPlan, Schedule
from accelsim.mapping.tiling import Memory
from accelsim.mapping.vector_plan import PARAMETER_BYTES, plan_vector_layer
from accelsim.units import bits_to_bytes, ceil_div
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload

#: Regions of the DRAM start at multiples of this, so that a tensor starts on a DRAM row of any preset.
REGION_ALIGNMENT_BYTES = 64 * 1024


def plan_network(workload: Workload, hardware: Hardware, precision: Precision, memory: Memory) -> Schedule:
    """The schedule of one inference. Raises MappingError when a layer has no tiling that fits the buffers.

    `memory` only weighs tilings of equal traffic.
    """
    layouts, parameters, footprint = _memory_map(workload, hardware, precision)
    costs = LayerCosts(workload, precision, hardware, layouts, memory)
    residency = plan_residency(workload, hardware, layouts, costs)
    last = last_readers(workload.layers)
    plans: list[LayerPlan] = []
    for index, layer in enumerate(workload.layers):
        freed = [name for name in residency.tensors if last[name] == index]
        context = PlanContext(
            workload=workload,
            hardware=hardware,
            precision=precision,
            layouts=layouts,
            parameter_address=parameters[layer.name],
            resident=residency.tensors,
            freed_bytes=sum(layouts[name].size_bytes for name in freed),
        )
        if layer.on_array:
            tiling = costs.best_tiling(layer, residency.tensors, residency.free_bytes[index])
            plans.append(ArrayPlanner(layer, context, tiling).plan())
        else:
            plans.append(plan_vector_layer(layer, context, costs.space(residency.free_bytes[index])))
    return Schedule(tuple(plans), footprint)


def _memory_map(
    workload: Workload, hardware: Hardware, precision: Precision
) -> tuple[dict[str, TensorLayout], dict[str, int], int]:
    """Layout of every activation tensor, address of every layer's parameters, and the bytes all span: weights first."""
    address = 0
    parameters: dict[str, int] = {}
    for layer in workload.layers:
        parameters[layer.name] = address
        if layer.weight_elements:
            address += bits_to_bytes(layer.weight_elements * precision.weights[layer.name].bits)
            address += layer.raw_shape[0] * hardware.vector.parameter_bytes_per_channel
        elif not layer.on_array:
            address += layer.parameters * PARAMETER_BYTES
        address = _aligned(address)
    groups = _layout_groups(workload)
    layouts: dict[str, TensorLayout] = {}
    shapes = {
        workload.input_name: workload.input_shape,
        **{layer.name: layer.output_shape for layer in workload.layers},
    }
    for name, shape in shapes.items():
        layouts[name] = TensorLayout(address, shape, precision.tensors[name].bits, groups[name])
        address = _aligned(address + layouts[name].size_bytes)
    return layouts, parameters, address


def _layout_groups(workload: Workload) -> dict[str, int]:
    """Channel blocks restart at every head of an attention matrix, through the softmax."""
    groups = {workload.input_name: 1}
    for layer in workload.layers:
        inherited = groups[layer.inputs[0]] if layer.kind == "softmax" else 1
        groups[layer.name] = layer.groups if layer.kind == "matmul" else inherited
    return groups


def _aligned(address: int) -> int:
    return ceil_div(address, REGION_ALIGNMENT_BYTES) * REGION_ALIGNMENT_BYTES
