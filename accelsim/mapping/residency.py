"""Which activations stay on chip between layers (docs/timing-model.md, "Residency").

In program order, a tensor stays in the input buffer from its producer to its last reader if it fits there beside what
already stays and beside those layers' own tiles, and if the layers concerned then move fewer bytes in all and are
estimated to take no longer (smaller tiles cost the array efficiency).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from accelsim.analytic.vector import lane_elements, passes_of
from accelsim.config.hardware import Hardware
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.problem import TilingProblem, tiling_problem
from accelsim.mapping.share import Share, largest, ways_to_share, whole_of
from accelsim.mapping.tiles import Memory, Tiling
from accelsim.mapping.tiling import NEARLY_FASTEST, Cost, Space, TilingSearch
from accelsim.mapping.vector_plan import VectorTile
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Layer, Workload


@dataclass(frozen=True, slots=True)
class Residency:
    """Tensors that stay on chip, and the bytes of the input buffer that they leave free at each layer."""

    tensors: frozenset[str]
    free_bytes: tuple[int, ...]


class LayerCosts:
    """What each layer costs for a given residency, with every tiling search done once."""

    def __init__(
        self,
        workload: Workload,
        precision: Precision,
        hardware: Hardware,
        layouts: dict[str, TensorLayout],
        memory: Memory,
    ) -> None:
        self._precision, self._hardware, self._layouts = precision, hardware, layouts
        self._memory = memory
        self._problems: dict[tuple[str, Share, frozenset[str]], TilingProblem] = {}
        self._searches: dict[TilingProblem, TilingSearch] = {}

    def best_tiling(self, layer: Layer, share: Share, resident: frozenset[str], input_bytes: int) -> Tiling:
        """The tiling of an array layer's share in `input_bytes` of the input buffer; MappingError if none fits."""
        return self._search(layer, share, resident).best(self.space(input_bytes), layer.place)

    def best_shares(self, layer: Layer, cores: int) -> tuple[Share, ...]:
        """A share for each core, or for fewer: those that move the fewest bytes among the nearly fastest ways.

        The largest share says how long a way takes, and what each core moves. Nothing stays on chip.
        """
        ways = ways_to_share(layer, cores)
        if len(ways) == 1:
            return ways[0]
        space = self.space(self._hardware.buffers.input_bytes)
        costs = [(self._search(layer, largest(way), frozenset()).cost(space), way) for way in ways]
        longest = NEARLY_FASTEST * min(cost.cycles for cost, _ in costs)
        fast = [(len(way) * cost.traffic_bytes, cost.cycles, way) for cost, way in costs if cost.cycles <= longest]
        return min(fast)[2]

    def cost(self, layer: Layer, resident: frozenset[str], input_bytes: int) -> Cost:
        """Bytes the layer moves and its estimated cycles; infinite if it does not fit."""
        if layer.is_view:
            return Cost(0, 0)
        moved = sum(self._layouts[name].size_bytes for name in layer.operands if name not in resident)
        if layer.name not in resident:
            moved += self._layouts[layer.name].size_bytes
        if layer.on_array:
            traffic, cycles = self._search(layer, whole_of(layer), resident).cost(self.space(input_bytes))
        else:
            traffic, cycles = self._vector_cost(layer, resident, self.space(input_bytes))
        traffic += moved
        return Cost(traffic, max(cycles, traffic / self._memory.bytes_per_cycle))

    def _vector_cost(self, layer: Layer, resident: frozenset[str], space: Space) -> Cost:
        """The same of a vector layer, without its output."""
        streamed = [self._layouts[name] for name in layer.inputs if name not in resident]
        rows, output = layer.output_shape[1], self._layouts[layer.name]
        if VectorTile(layer, rows, streamed, output, self._hardware.buffers.ping_pong).most_rows(space) is None:
            return Cost(math.inf, math.inf)
        traffic = sum(layout.size_bytes for layout in streamed)
        vector = self._hardware.vector
        return Cost(traffic, float(lane_elements(layer) * passes_of(layer, vector) / vector.lanes))

    def _search(self, layer: Layer, share: Share, resident: frozenset[str]) -> TilingSearch:
        key = layer.name, share, frozenset(resident.intersection(layer.reads))
        if key not in self._problems:
            self._problems[key] = tiling_problem(layer, share, self._precision, self._hardware, self._layouts, resident)
        problem = self._problems[key]
        if problem not in self._searches:
            self._searches[problem] = TilingSearch(problem, self._memory, ping_pong=self._hardware.buffers.ping_pong)
        return self._searches[problem]

    def space(self, input_bytes: int) -> Space:
        """Room for the tiles of a layer that may use `input_bytes` of the input buffer."""
        buffers = self._hardware.buffers
        return Space(buffers.weight_bytes, input_bytes, buffers.output_bytes)


def last_readers(workload: Workload) -> dict[str, int]:
    """Index of the layer that reads each tensor last, parts of a concatenation counted as the whole."""
    storage = workload.storage
    reads = [() if layer.is_view else layer.reads for layer in workload.layers]
    return {storage[tensor]: index for index, tensors in enumerate(reads) for tensor in tensors}


def plan_residency(
    workload: Workload, hardware: Hardware, layouts: dict[str, TensorLayout], costs: LayerCosts
) -> Residency:
    """Decide greedily, tensor by tensor in program order; a concatenation stays as a whole, or none of it."""
    layers, storage = workload.layers, workload.storage
    free = [hardware.buffers.input_bytes] * len(layers)
    resident: frozenset[str] = frozenset()
    if not hardware.buffers.activation_residency or hardware.cores_per_image > 1:
        return Residency(resident, tuple(free))
    last = last_readers(workload)
    excluded = {storage[layer.inputs[1]] for layer in layers if layer.kind == "matmul"} | {storage[workload.input_name]}
    for index, layer in enumerate(layers):
        whole = storage[layer.name]
        if whole not in last or whole in excluded:
            continue
        excluded.add(whole)  # its other parts have been decided on with the first
        span = range(index, last[whole] + 1)
        size = layouts[whole].size_bytes
        staying = resident.union(name for name, place in storage.items() if place == whole)
        before = _total(costs.cost(layers[i], resident, free[i]) for i in span)
        after = _total(costs.cost(layers[i], staying, free[i] - size) for i in span)
        if after.traffic_bytes < before.traffic_bytes and after.cycles <= before.cycles:
            resident = staying
            for i in span:
                free[i] -= size
    return Residency(resident, tuple(free))


def _total(costs: Iterable[Cost]) -> Cost:
    traffic, cycles = map(sum, zip(*costs, strict=True))
    return Cost(traffic, cycles)
