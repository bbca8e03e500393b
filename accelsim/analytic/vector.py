"""Cycles of the vector unit in closed form (docs/timing-model.md, "Vector unit")."""

from __future__ import annotations

import math
from fractions import Fraction

from accelsim.config.hardware import VectorConfig
from accelsim.workload.layers import Layer, LayerKind, elements

#: Times that each element goes through the lanes. A chain of post-operations is one pass (it is a pipeline); softmax
#: needs the maximum, then exponentials and their sum, then the quotient; layer norm the mean, the variance, the result.
PASSES: dict[LayerKind, int] = {"softmax": 3, "layer_norm": 3}


def passes_of(layer: Layer, vector: VectorConfig) -> Fraction:
    """Passes of the lanes over a layer's elements: one, more where the operation has to see them all first.

    Sums and pools that units of their own make come on top, as so many passes of the lanes.
    """
    passes = Fraction(PASSES.get(layer.kind, 1))
    elements_in, shape = lane_elements(layer), layer.raw_shape
    pools = [(layer.window, shape)] if layer.kind == "pool" and layer.window else []
    sums = [elements(shape)] if layer.kind == "add" else []
    for operation in layer.post:
        if operation.window is not None:
            shape = (shape[0], *operation.window.output_size(*shape[1:]))
            pools.append((operation.window, shape))
        if operation.operand is not None:
            sums.append(elements(shape))
    if vector.add_lanes is not None:
        passes += sum(Fraction(count * vector.lanes, elements_in * vector.add_lanes) for count in sums)
    if vector.pool_lanes is not None:
        under = sum(math.prod(window.kernel) * elements(shape) for window, shape in pools)
        passes += Fraction(under * vector.lanes, elements_in * vector.pool_lanes)
    return passes


def lane_elements(layer: Layer) -> int:
    """Elements that go through the lanes in one pass: those of the array's result, or of what is more of a vector
    layer's input and output.
    """
    result = elements(layer.raw_shape)
    return result if layer.on_array else max(elements(layer.input_shape), elements(layer.output_shape))


def vector_cycles(elements: int, passes: Fraction | int, vector: VectorConfig) -> int:
    """Cycles for one tile: pipeline latency plus elements x passes at `lanes` a cycle."""
    return vector.latency_cycles + math.ceil(elements * Fraction(passes) / vector.lanes)
