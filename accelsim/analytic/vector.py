"""Cycles of the vector unit in closed form (docs/timing-model.md, "Vector unit")."""

from __future__ import annotations

from accelsim.config.hardware import VectorConfig
from accelsim.units import ceil_div
from accelsim.workload.layers import Layer, LayerKind

#: Times that each element goes through the lanes. A chain of post-operations is one pass (it is a pipeline); softmax
#: needs the maximum, then exponentials and their sum, then the quotient; layer norm the mean, the variance, the result.
PASSES: dict[LayerKind, int] = {"softmax": 3, "layer_norm": 3}


def passes_of(layer: Layer) -> int:
    """Passes over a layer's elements: one unless the operation has to see them all first."""
    return PASSES.get(layer.kind, 1)


def vector_cycles(elements: int, passes: int, vector: VectorConfig) -> int:
    """Cycles for one tile: pipeline latency plus elements x passes at `lanes` a cycle."""
    return vector.latency_cycles + ceil_div(elements * passes, vector.lanes)
