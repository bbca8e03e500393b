"""From a network, a machine and a precision to a schedule: addresses, residency, tilings, then every layer's plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from accelsim.config.hardware import Hardware
from accelsim.mapping.array_plan import ArrayPlanner
from accelsim.mapping.context import PlanContext
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.residency import LayerCosts, last_readers, plan_residency
from accelsim.mapping.schedule import LayerPlan, Schedule
from accelsim.mapping.share import largest, whole_of
from accelsim.mapping.tiles import Memory
from accelsim.mapping.vector_plan import plan_nothing, plan_vector_layer
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Layer, Workload


def plan_network(workload: Workload, hardware: Hardware, precision: Precision, memory: Memory) -> Schedule:
    """The schedule of one inference. Raises MappingError when a layer has no tiling that fits the buffers.

    `memory` is what a core sees of it; it weighs tilings, and ways to share a layer out.
    """
    layouts, parameters, footprint_bytes = memory_map(workload, hardware, precision)
    costs = LayerCosts(workload, precision, hardware, layouts, memory)
    residency = plan_residency(workload, hardware, layouts, costs)
    last, storage = last_readers(workload), workload.storage
    programs: list[list[LayerPlan]] = [[] for _ in range(hardware.cores_per_image)]
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
        plans = list(_plans_of_cores(layer, context, costs, residency.free_bytes[index]))
        plans += [plan_nothing(layer, context)] * (len(programs) - len(plans))
        for program, plan in zip(programs, plans, strict=True):
            program.append(plan)
    return Schedule(tuple(map(tuple, programs)), footprint_bytes, workload.input_name)


def _plans_of_cores(layer: Layer, context: PlanContext, costs: LayerCosts, input_bytes: int) -> Iterator[LayerPlan]:
    """The plan of each core that has a share of a layer. All are in tiles of one size, that of the largest share.

    So cores that make different rows find the weights where one layout puts them. Those of other outputs follow.
    """
    if layer.is_view:
        return
    shares = costs.best_shares(layer, context.hardware.cores_per_image)
    if not layer.on_array:
        for share in shares:
            yield plan_vector_layer(layer, share.rows, context, costs.space(input_bytes))
        return
    tiling = costs.best_tiling(layer, largest(shares), context.resident, input_bytes)
    for share in shares:
        plan = ArrayPlanner(layer, share, context, tiling).plan()
        yield plan
        if share.channels < whole_of(layer).channels:
            size_bytes = sum(tile.run.size_bytes for tile in set(plan.weight_tiles))
            context = replace(context, parameter_address=context.parameter_address + size_bytes)
