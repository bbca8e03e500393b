"""Output tiles in the vector unit: from partial sums, or from rows of other tensors, to codes in DRAM or on chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from accelsim.functional import vector
from accelsim.functional.bytes_at import Bytes, Memory, Region, Source, TileBytes
from accelsim.functional.image import PARAMETER_WORDS, WORD_BYTES, scales_apart, vector_parameters
from accelsim.functional.tile_codes import read_codes, write_codes
from accelsim.mapping.layout import Run
from accelsim.mapping.memory_map import MemoryMap
from accelsim.mapping.ranges import Range, in_all_groups, window_spans
from accelsim.mapping.schedule import LayerPlan, OutputTile, TileRanges
from accelsim.mapping.weight_layout import WeightTile
from accelsim.units import ceil_div
from accelsim.workload.layers import Layer
from quant.reference.sums import Sums, fixed_point
from quant.reference.values import Float32Array, NetworkValues, decode_tensor, encode_tensor

#: The tiles of other tensors that an output tile reads, by tensor.
Tiles = Mapping[str | None, TileBytes]


@dataclass
class PartialSums:
    """The sums of one output tile, and for each of its outputs what they are multiplied by and what is added."""

    ranges: TileRanges
    sums: Sums
    multipliers: Float32Array
    biases: Float32Array | None


class VectorTiles:
    """Post-processes output tiles in the order of their core's program; pools wait in line buffers for their rows.

    A plan is known by its identity: cores that share a layer have one each.
    """

    def __init__(
        self, memory_map: MemoryMap, values: NetworkValues, memory: Memory, resident: Mapping[str, Region]
    ) -> None:
        self._layouts, self._parameters = memory_map.layouts, memory_map.parameter_addresses
        self._values, self._memory, self._resident = values, memory, resident
        self._chains: dict[tuple[int, Range], vector.PostChain] = {}
        self._rows_done: dict[int, int] = {}

    def process(self, plan: LayerPlan, tile: OutputTile, partial: PartialSums | None, tiles: Tiles) -> TileBytes | None:
        """The bytes that an output tile is, in DRAM or on chip; None if no row is complete yet."""
        layer = plan.layer
        with np.errstate(over="ignore", invalid="ignore"):  # infinities: of flipped exponents only
            if partial is None:
                channels, first_row = (0, layer.output_shape[0]), self._rows_done.get(id(plan), plan.rows[0])
                x = self._vector_rows(plan, (first_row, tile.rows_done), tiles)
                self._rows_done[id(plan)] = tile.rows_done
            else:
                assert layer.gemm is not None
                channels = in_all_groups(partial.ranges.groups, partial.ranges.outputs, layer.gemm.outputs)
                first_row = partial.ranges.rows[0]
                x = partial.sums.astype(np.float32) * partial.multipliers
                x = x if partial.biases is None else x + partial.biases

            def operand(name: str, row: int, count: int) -> Float32Array:
                return self._numbers(name, channels, (row, row + count), tiles.get(name))

            x, first_row = self._chain(plan, channels).push(x, first_row, operand)
            return self._encode(layer.name, tile, channels, first_row, x) if x.shape[2] else None

    def _chain(self, plan: LayerPlan, channels: Range) -> vector.PostChain:
        key = id(plan), channels
        if key not in self._chains:
            self._chains[key] = vector.PostChain(plan.layer)
        return self._chains[key]

    def _vector_rows(self, plan: LayerPlan, rows: Range, tiles: Tiles) -> Float32Array:
        """Rows of what a vector layer makes, before its post-operations."""
        layer, name = plan.layer, plan.layer.inputs[0]
        every, height = (0, self._layouts[name].shape[0]), self._layouts[name].shape[1]
        spans: tuple[Range, ...] = (rows,)
        if layer.kind == "class_token":
            total = layer.output_shape[1]
            spans = ((height * rows[0] // total, ceil_div(height * rows[1], total)),)
        elif layer.window is not None:
            spans = window_spans(layer.window, height, rows)
        x = [self._numbers(name, every, span, tiles.get(name)) for span in spans]
        match layer.kind:
            case "softmax":
                return vector.softmax(x[0], layer.groups)
            case "layer_norm":
                return vector.layer_norm(x[0], *np.split(self._trained(plan), 2))
            case "class_token":
                token, positions = np.split(self._trained(plan), [every[1]])
                return vector.tokens(x[0], spans[0][0], rows, token, positions.reshape(-1, every[1]))
            case "add":
                return x[0] + self._numbers(layer.inputs[1], every, rows, tiles.get(layer.inputs[1]))
        assert layer.window is not None
        assert layer.pool_mode is not None
        if len(spans) == 1:
            return vector.pool_rows(x[0], spans[0][0], height, rows, layer.window, layer.pool_mode)
        each = zip(x, spans, range(*rows), strict=True)
        pooled = [vector.pool_rows(y, s[0], height, (r, r + 1), layer.window, layer.pool_mode) for y, s, r in each]
        return np.concatenate(pooled, axis=2)

    def _trained(self, plan: LayerPlan) -> Float32Array:
        """All trained words of a vector layer, as they lie in DRAM."""
        words = vector_parameters(plan.layer.kind, plan.layer.name, self._values)
        assert words is not None
        return _words(self._memory.at(self._parameters[plan.layer.name], words.nbytes))

    def _numbers(self, name: str, channels: Range, rows: Range, tile: TileBytes | None) -> Float32Array:
        source: Source = self._resident[name] if tile is None else tile
        return decode_tensor(read_codes(self._layouts[name], channels, rows, source), self._values.tensors[name])

    def _encode(self, name: str, tile: OutputTile, channels: Range, first_row: int, x: Float32Array) -> TileBytes:
        numbers = np.where(np.isnan(x), np.float32(0), x)  # a flipped exponent can make infinities, and NaN of them
        codes = encode_tensor(numbers, self._values.tensors[name])
        pieces: list[tuple[int, Bytes]] = []
        write_codes(self._layouts[name], channels, first_row, codes, lambda *piece: pieces.append(piece))
        on_chip = name in self._resident  # then the tile has no runs in DRAM
        runs = [Run(address, len(found)) for address, found in pieces] if on_chip else tile.runs
        made = TileBytes(runs, self._memory, len(x))
        for address, found in pieces:
            made.put(address, found)
        return made


def trained_factors(plan: LayerPlan, tile: WeightTile, source: Source) -> tuple[Float32Array, Float32Array]:
    """What the sums of a tile of trained weights are multiplied by and what is then added, shape (outputs, 1, 1)."""
    behind = tile.address + tile.code_bytes
    words = source.at(behind, tile.parameter_bytes)[:, 0].reshape(tile.results, -1)
    bias, factor = _words(words[:, : PARAMETER_WORDS * WORD_BYTES]).reshape(-1, PARAMETER_WORDS).T[..., None, None]
    if scales_apart(plan):
        with np.errstate(over="ignore", invalid="ignore"):
            factor = factor * _words(source.at(behind + tile.parameter_bytes, tile.scale_bytes))[:, None, None]
    return factor, bias


def matmul_factor(layer: Layer, values: NetworkValues) -> tuple[Float32Array, None]:
    """What the sums of a matmul are multiplied by, of no dimensions; nothing is added."""
    stored = [values.tensors[name] for name in layer.inputs]
    fraction_bits = sum(fixed_point(tensor.number_format).fraction_bits for tensor in stored)
    return np.asarray(np.ldexp(stored[0].scale * stored[1].scale, -fraction_bits), np.float32), None


def _words(found: Bytes) -> Float32Array:
    """Bytes as float32 numbers."""
    return np.ascontiguousarray(found).reshape(-1).view(np.float32)
