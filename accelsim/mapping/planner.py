"""From a network, a machine and a precision to a schedule: addresses, residency, tilings, then every layer's plan."""

from __future__ import annotations

from accelsim.config.hardware import Hardware
from accelsim.mapping.array_plan import ArrayPlanner
from accelsim.mapping.context import PlanContext
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.residency import LayerCosts, last_readers, plan_residency
from accelsim.mapping.schedule import LayerPlan, Schedule
from accelsim.mapping.tiles import Memory
from accelsim.mapping.vector_plan import plan_vector_layer, plan_view
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload


def plan_network(workload: Workload, hardware: Hardware, precision: Precision, memory: Memory) -> Schedule:
    """The schedule of one inference. Raises MappingError when a layer has no tiling that fits the buffers.

    `memory` only weighs tilings of equal traffic.
    """
    layouts, parameters, footprint_bytes = memory_map(workload, hardware, precision)
    costs = LayerCosts(workload, precision, hardware, layouts, memory)
    residency = plan_residency(workload, hardware, layouts, costs)
    last, storage = last_readers(workload), workload.storage
    plans: list[LayerPlan] = []
    for index, layer in enumerate(workload.layers):
        freed = [name for name in residency.tensors if storage[name] == name and last[name] == index]
        context = PlanContext(
            hardware=hardware,
            precision=precision,
            layouts=layouts,
            parameter_address=parameters[layer.name],
            resident=residency.tensors,
            freed_bytes=sum(layouts[name].size_bytes for name in freed),
        )
        if layer.is_view:
            plans.append(plan_view(layer, context))
        elif layer.on_array:
            tiling = costs.best_tiling(layer, residency.tensors, residency.free_bytes[index])
            plans.append(ArrayPlanner(layer, context, tiling).plan())
        else:
            plans.append(plan_vector_layer(layer, context, costs.space(residency.free_bytes[index])))
    return Schedule(tuple(plans), footprint_bytes, workload.input_name, workload.input_shape[1])
