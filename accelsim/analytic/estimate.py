"""Cycles of a whole network in closed form: a ranking of machines and widths, not a prediction (docs/sweep.md).

Each layer takes the longest of three: the array on the whole product, the vector unit, and the DRAM's bus for its
weights, inputs and outputs, each moved once; or all three, where they take turns. Layers add up. Approximate by all
that it leaves out: tiling, buffers, residency, latencies, contention and refresh.
"""

from __future__ import annotations

from accelsim.analytic.compute import array_cycles, array_shape
from accelsim.analytic.decode import decode_cycles
from accelsim.analytic.vector import passes_of, vector_cycles
from accelsim.config.hardware import Hardware
from accelsim.units import bits_to_bytes
from accelsim.workload.formats import Precision, TensorFormat
from accelsim.workload.layers import Layer, Workload, elements


def estimated_run_cycles(workload: Workload, hardware: Hardware, precision: Precision, bytes_per_cycle: float) -> float:
    """The sum over the layers of the slowest of array, decoders, vector unit and a core's part of the DRAM's bus.

    Of their sum, where a core's blocks take turns. Cores that share an image each do an equal part of every layer.
    """
    takes_turns = hardware.controller.overlap != "all"
    total = 0.0
    for layer in _computed(workload):
        moved = _moved_bytes(workload, layer, precision) / bytes_per_cycle
        vector = vector_cycles(elements(layer.raw_shape), passes_of(layer, hardware.vector), hardware.vector)
        parts = (moved, vector, _array_cycles(layer, hardware, precision))
        total += sum(parts) if takes_turns else max(parts)
    return total / hardware.cores_per_image


def estimated_run_bytes(workload: Workload, precision: Precision) -> int:
    """DRAM traffic when every layer moves its weights, inputs and outputs once and nothing stays on chip."""
    return sum(_moved_bytes(workload, layer, precision) for layer in _computed(workload))


def _computed(workload: Workload) -> list[Layer]:
    """All layers but concatenations, which move and compute nothing."""
    return [layer for layer in workload.layers if not layer.is_view]


def _array_cycles(layer: Layer, hardware: Hardware, precision: Precision) -> int:
    if layer.gemm is None:
        return 0
    weights, inputs = _operands(layer, precision)
    array, decoder = hardware.array, hardware.decoder
    shape = array_shape(array, weights.bits, inputs.bits)
    cycles = array_cycles(layer.gemm, shape, array.dataflow, shadow_registers=array.shadow_registers)
    if decoder.lanes is None:
        return cycles.total
    streams = (
        (weights, cycles.weight_codes, shape.weight_codes_per_port),
        (inputs, cycles.input_codes, shape.input_codes_per_port),
    )
    decoded = [
        decode_cycles(codes, per_word, decoder.lanes, decoder.latency_cycles)
        for operand, codes, per_word in streams
        if operand.decoded
    ]
    return max(cycles.total, *decoded, 0)


def _operands(layer: Layer, precision: Precision) -> tuple[TensorFormat, TensorFormat]:
    stationary = precision.weights.get(layer.name) or precision.tensors[layer.inputs[1]]
    return stationary, precision.tensors[layer.inputs[0]]


def _moved_bytes(workload: Workload, layer: Layer, precision: Precision) -> int:
    bits = layer.weight_elements * precision.weights[layer.name].bits if layer.weight_elements else 0
    for tensor in (*layer.reads, layer.name):
        bits += elements(workload.shape_of(tensor)) * precision.tensors[tensor].bits
    return bits_to_bytes(bits)
