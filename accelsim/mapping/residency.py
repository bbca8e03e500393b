"""Which activations stay on chip between layers (docs/timing-model.md, "Residency").

In program order, a tensor stays in the input buffer from its producer to its last reader if it fits there beside what
already stays and beside those layers' own tiles, and if the layers concerned then move fewer bytes in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

from accelsim.config.hardware import Hardware
from accelsim.mapping.layout import TensorLayout
from accelsim.mapping.problem import TilingProblem, tiling_problem
from accelsim.mapping.tiling import Space, Tiling, TilingSearch
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Layer, Workload


@dataclass(frozen=True, slots=True)
class Residency:
    """Tensors that stay on chip, and the bytes of the input buffer that they leave free at each layer."""

    tensors: frozenset[str]
    free_bytes: tuple[int, ...]


class LayerCosts:
    """DRAM traffic of each layer for a given residency, with every tiling search done once."""

    def __init__(
        self,
        workload: Workload,
        precision: Precision,
        hardware: Hardware,
        layouts: dict[str, TensorLayout],
        dram_bytes_per_cycle: float,
    ) -> None:
        self._precision, self._hardware, self._layouts = precision, hardware, layouts
        self._final = workload.layers[-1].name
        self._dram_bytes_per_cycle = dram_bytes_per_cycle
        self._searches: dict[TilingProblem, TilingSearch] = {}

    def best_tiling(self, layer: Layer, resident: Set[str], input_bytes: int) -> Tiling:
        """The tiling of an array layer that may use `input_bytes` of the input buffer; MappingError if none fits."""
        return self._search(layer, resident).best(self._space(input_bytes), layer.name)

    def traffic(self, layer: Layer, resident: Set[str], input_bytes: int) -> float:
        """Fewest bytes the layer moves; infinite if it does not fit."""
        operands = (name for name in layer.operands if name not in resident)
        moved = sum(self._layouts[name].size_bytes for name in operands)
        if layer.name not in resident:
            moved += self._layouts[layer.name].size_bytes
        if layer.on_array:
            return moved + self._search(layer, resident).least_traffic(self._space(input_bytes))
        streamed = [self._layouts[name] for name in layer.inputs if name not in resident]
        row_bytes = sum(layout.size_bytes // layout.shape[1] for layout in streamed)
        kernel_rows = layer.window.kernel[0] if layer.window else 1
        fits = 2 * row_bytes * kernel_rows <= input_bytes
        return moved + sum(layout.size_bytes for layout in streamed) if fits else float("inf")

    def _search(self, layer: Layer, resident: Set[str]) -> TilingSearch:
        problem = tiling_problem(layer, self._precision, self._hardware, resident)
        if problem not in self._searches:
            self._searches[problem] = TilingSearch(
                problem,
                ping_pong=self._hardware.buffers.ping_pong,
                dram_bytes_per_cycle=self._dram_bytes_per_cycle,
            )
        return self._searches[problem]

    def _space(self, input_bytes: int) -> Space:
        buffers = self._hardware.buffers
        return Space(buffers.weight_bytes, input_bytes, buffers.output_bytes)


def last_readers(layers: Iterable[Layer]) -> dict[str, int]:
    """Index of the layer that reads each tensor last."""
    return {tensor: index for index, layer in enumerate(layers) for tensor in layer.reads}


def plan_residency(
    workload: Workload, hardware: Hardware, layouts: dict[str, TensorLayout], costs: LayerCosts
) -> Residency:
    """Decide greedily, tensor by tensor in program order."""
    layers = workload.layers
    free = [hardware.buffers.input_bytes] * len(layers)
    resident: frozenset[str] = frozenset()
    if not hardware.buffers.activation_residency:
        return Residency(resident, tuple(free))
    last = last_readers(layers)
    stationary = {layer.inputs[1] for layer in layers if layer.kind == "matmul"}
    for index, layer in enumerate(layers):
        if layer.name not in last or layer.name in stationary:
            continue
        span = range(index, last[layer.name] + 1)
        size = layouts[layer.name].size_bytes
        staying = resident | {layer.name}
        before = sum(costs.traffic(layers[i], resident, free[i]) for i in span)
        after = sum(costs.traffic(layers[i], staying, free[i] - size) for i in span)
        if after < before:
            resident = staying
            for i in span:
                free[i] -= size
    return Residency(resident, tuple(free))
