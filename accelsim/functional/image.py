"""The DRAM before a run: weights and parameters where the schedule fetches them, and the coded images."""

from __future__ import annotations

import numpy as np

from accelsim.functional.bytes_at import Memory
from accelsim.functional.tile_codes import flat_order, write_codes
from accelsim.mapping.layout import Run
from accelsim.mapping.memory_map import MemoryMap
from accelsim.mapping.problem import is_flattened
from accelsim.mapping.schedule import LayerPlan, Schedule
from accelsim.mapping.weight_layout import WeightTile
from quant.packing import pack_codes
from quant.reference.sums import fixed_point
from quant.reference.values import Array, Float32Array, LayerValues, NetworkValues, encode_tensor

#: A bias and a factor, float32 each: what the first bytes of an output's parameters are.
PARAMETER_WORDS = 2
WORD_BYTES = 4


def memory_before(schedule: Schedule, memory_map: MemoryMap, values: NetworkValues, images: Float32Array) -> Memory:
    """The memory with everything that a run finds there."""
    first_tensor = min(layout.address for layout in memory_map.layouts.values())
    memory = Memory(first_tensor, memory_map.footprint_bytes, len(images), _occupied(schedule, memory_map, values))
    for plan in schedule.plans:
        name = plan.layer.name
        if plan.weight_tiles:
            _write_weights(memory, plan, memory_map, values)
        elif not plan.layer.on_array:
            words = vector_parameters(plan.layer.kind, name, values)
            if words is not None:
                packed = words.view(np.uint8)
                memory.at(memory_map.parameter_addresses[name], packed.size)[:, 0] = packed
    layout = memory_map.layouts[schedule.input_name]
    codes = encode_tensor(images, values.tensors[schedule.input_name])

    def put(address: int, found: Array) -> None:
        memory.at(address, len(found))[:] = found

    write_codes(layout, (0, layout.shape[0]), 0, codes, put)
    return memory


def _occupied(schedule: Schedule, memory_map: MemoryMap, values: NetworkValues) -> list[Run]:
    """Trained numbers, and the tensors that do not stay on chip."""
    runs = []
    for plans in zip(*schedule.programs, strict=True):
        layer = plans[0].layer
        runs += sorted({tile.run for plan in plans for tile in plan.weight_tiles})
        words = None if layer.on_array else vector_parameters(layer.kind, layer.name, values)
        if words is not None:
            runs.append(Run(memory_map.parameter_addresses[layer.name], words.nbytes))
    resident = {plan.layer.name for plan in schedule.plans if plan.resident_bytes}
    layouts = memory_map.layouts.items()
    return runs + [Run(layout.address, layout.size_bytes) for name, layout in layouts if name not in resident]


def vector_parameters(kind: str, name: str, values: NetworkValues) -> Float32Array | None:
    """The trained words of a vector layer in the order in which they lie; None if it has none."""
    names = {"layer_norm": ("weight", "bias"), "class_token": ("class_token", "position_embedding")}.get(kind)
    if names is None:
        return None
    return np.concatenate([values.vectors[f"{name}.{part}"].reshape(-1) for part in names])


def scales_apart(plan: LayerPlan) -> bool:
    """Whether each output's weight scale lies behind the parameters, as a float32 of its own."""
    with_scales = {tile for tile in plan.weight_tiles if tile.channels[0] == 0}
    return all(tile.scale_bytes == WORD_BYTES * tile.results for tile in with_scales)


def _write_weights(memory: Memory, plan: LayerPlan, memory_map: MemoryMap, values: NetworkValues) -> None:
    layer, gemm = plan.layer, plan.layer.gemm
    assert gemm is not None
    numbers = values.layers[layer.name]
    codes = numbers.codes.reshape(gemm.groups, gemm.outputs, -1, *(layer.window.kernel if layer.window else (1, 1)))
    if is_flattened(layer):
        codes = codes[:, :, flat_order(memory_map.layouts[layer.inputs[0]])]
    tiles = sorted(set(plan.weight_tiles), key=lambda tile: tile.first_bit)
    ordered = [codes[slice(*tile.groups), slice(*tile.outputs), slice(*tile.channels)].reshape(-1) for tile in tiles]
    stream = pack_codes(np.concatenate(ordered), plan.weight_format.bits)
    parameters = _parameters(plan, numbers, values)
    scales = np.zeros(sum(tile.scale_bytes for tile in tiles), np.uint8)
    first_scale = WORD_BYTES * tiles[0].first_output if scales_apart(plan) else 0
    stored = numbers.scales.view(np.uint8)[first_scale:][: scales.size]
    scales[: stored.size] = stored
    code_byte = scale_byte = 0
    for tile in tiles:
        parts = (
            stream[code_byte : code_byte + tile.code_bytes],
            _parameter_bytes(tile, parameters),
            scales[scale_byte : scale_byte + tile.scale_bytes],
        )
        memory.at(*tile.run)[:, 0] = np.concatenate(parts)
        code_byte, scale_byte = code_byte + tile.code_bytes, scale_byte + tile.scale_bytes


def _parameters(plan: LayerPlan, numbers: LayerValues, values: NetworkValues) -> Float32Array:
    """Bias and factor of each output, shape (outputs, 2)."""
    tensor = values.tensors[plan.layer.inputs[0]]
    fraction_bits = fixed_point(numbers.number_format).fraction_bits + fixed_point(tensor.number_format).fraction_bits
    scales = 1.0 if scales_apart(plan) else numbers.scales.astype(np.float64)
    factors = np.ldexp(tensor.scale * scales, -fraction_bits).astype(np.float32)
    return np.stack(np.broadcast_arrays(numbers.bias, factors), axis=1)


def _parameter_bytes(tile: WeightTile, parameters: Float32Array) -> Array:
    """Bias and factor of each output of a tile, and zeros where there is room for more."""
    if not tile.parameter_bytes:
        return np.zeros(0, np.uint8)
    mine = parameters[tile.first_output : tile.first_output + tile.results]
    rows = np.zeros((tile.results, tile.parameter_bytes // tile.results), np.uint8)
    rows[:, : PARAMETER_WORDS * WORD_BYTES] = np.ascontiguousarray(mine).view(np.uint8)
    return rows.reshape(-1)
