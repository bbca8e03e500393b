"""What the blocks call in a functional run: bytes into buffers, codes into the array, results back to DRAM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accelsim.functional import vector
from accelsim.functional.array import (
    checked_magnitude,
    input_codes,
    stationary_codes,
    tile_sums,
    weight_codes,
)
from accelsim.functional.bytes_at import Region, Source, TileBytes
from accelsim.functional.faults import Faults
from accelsim.functional.image import PARAMETER_WORDS, WORD_BYTES, memory_before, scales_apart, vector_parameters
from accelsim.functional.tile_codes import Codes, read_codes, write_codes
from accelsim.hw.payloads import Cargo
from accelsim.hw.values import Values
from accelsim.mapping.memory_map import MemoryMap
from accelsim.mapping.ranges import Range, in_all_groups, window_spans
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Schedule, Step, TileRanges
from accelsim.tlm import Command, Transaction
from accelsim.units import ceil_div
from quant.formats import NumberFormat
from quant.reference.sums import Integers, Sums, fixed_point
from quant.reference.values import Float32Array, NetworkValues, decode_tensor, encode_tensor


@dataclass
class _PartialSums:
    """The sums of one output tile, and for each of its outputs what they are multiplied by and what is added."""

    ranges: TileRanges
    sums: Sums
    multipliers: Float32Array
    biases: Float32Array


class FunctionalMachine(Values):
    """Holds DRAM and buffers, by tile, and computes what the blocks compute. Timing is not touched.

    A tile is known by the identity of its `Load` or `OutputTile`: one that is fetched twice is two loads.
    """

    def __init__(
        self,
        schedule: Schedule,
        memory_map: MemoryMap,
        values: NetworkValues,
        images: Float32Array,
        *,
        accumulator_bits: int,
        faults: Faults,
    ) -> None:
        self._layouts, self._parameters = memory_map.layouts, memory_map.parameter_addresses
        self._values, self._images = values, len(images)
        self._accumulator_bits, self._faults = accumulator_bits, faults
        self.memory = memory_before(schedule, memory_map, values, images)
        faults.check_addresses(self.memory)
        self._resident = {
            plan.layer.name: Region(self._layouts[plan.layer.name].address, plan.resident_bytes, len(images))
            for plan in schedule.plans
            if plan.resident_bytes
        }
        self._tiles: dict[int, TileBytes] = {}
        self._decoded: dict[int, Integers] = {}
        self._sums: dict[int, _PartialSums] = {}
        self._results: dict[int, TileBytes] = {}
        self._chains: dict[tuple[str, Range], vector.PostChain] = {}
        self._rows_done: dict[str, int] = {}
        self.edge_bytes = 0
        #: The largest magnitude that an accumulator held.
        self.largest_sum = 0

    def tensor(self, name: str) -> Codes:
        """The codes of a tensor as they lie in DRAM or on chip, (images, channels, height, width)."""
        layout = self._layouts[name]
        return read_codes(layout, (0, layout.shape[0]), (0, layout.shape[1]), self._resident.get(name, self.memory))

    def served(self, transaction: Transaction, cycle: int) -> None:
        self._faults.strike(self.memory, cycle)
        found = self.memory.at(transaction.address, transaction.size_bytes)
        if transaction.command is Command.READ:
            transaction.data = self._faults.read(found, transaction.address, cycle)
        elif isinstance(transaction.data, np.ndarray):
            self.memory.write(transaction.address, transaction.data)

    def room(self, load: Load) -> Cargo | None:
        return TileBytes(load.runs, self.memory, 1 if load.tensor is None else self._images)

    def arrived(self, load: Load, cargo: Cargo | None, cycle: int) -> None:
        assert isinstance(cargo, TileBytes)
        self._faults.arrived(cargo, "weights" if load.tensor is None else "inputs", cycle)
        self._tiles[id(load)] = cargo

    def given_up(self, load: Load) -> None:
        self.edge_bytes += self._tiles.pop(id(load)).edge_bytes
        self._decoded.pop(id(load), None)

    def multiplied(self, plan: LayerPlan, step: Step, cycle: int) -> None:
        weights, inputs = self._weights(plan, step, cycle), self._inputs(plan, step, cycle)
        sums = tile_sums(plan.layer, weights, inputs)
        tile = plan.outputs[step.output]
        if step.starts_output:
            self._sums[id(tile)] = _PartialSums(step.ranges, sums, *self._multipliers(plan, step))
        else:
            self._sums[id(tile)].sums += sums
        largest = checked_magnitude(plan.layer, step.ranges, self._sums[id(tile)].sums, self._accumulator_bits)
        self.largest_sum = max(self.largest_sum, largest)

    def processed(self, plan: LayerPlan, tile: OutputTile) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            self._process(plan, tile)

    def _process(self, plan: LayerPlan, tile: OutputTile) -> None:
        layer = plan.layer
        tiles = {load.tensor: self._tiles[id(load)] for load in (plan.loads[index] for index in tile.loads)}
        if plan.steps:
            partial = self._sums.pop(id(tile))
            assert layer.gemm is not None
            channels = in_all_groups(partial.ranges.groups, partial.ranges.outputs, layer.gemm.outputs)
            x, first_row = partial.sums.astype(np.float32) * partial.multipliers, partial.ranges.rows[0]
            x = x + partial.biases if layer.weight_elements else x
        else:
            channels, first_row = (0, layer.output_shape[0]), self._rows_done.get(layer.name, 0)
            x = self._vector_rows(plan, (first_row, tile.rows_done), tiles)
            self._rows_done[layer.name] = tile.rows_done

        def operand(name: str, row: int, count: int) -> Float32Array:
            return self._numbers(name, channels, (row, row + count), tiles.get(name))

        chain = self._chains.setdefault((layer.name, channels), vector.PostChain(layer))
        x, first_row = chain.push(x, first_row, operand)
        if x.shape[2]:
            self._encode(layer.name, tile, channels, first_row, x)

    def result(self, tile: OutputTile) -> Cargo | None:
        return self._results.pop(id(tile))

    def _weights(self, plan: LayerPlan, step: Step, cycle: int) -> Integers:
        load = plan.weight_loads[step.weight_load]
        if id(load) not in self._decoded:
            source = self._tiles[id(load)]
            if plan.weight_tiles:
                tile = plan.weight_tiles[step.weight_load]
                codes = weight_codes(plan.layer, tile, plan.weight_format.bits, source)
                number_format = self._values.layers[plan.layer.name].number_format
            else:
                codes = stationary_codes(plan.layer, self._layouts[plan.layer.inputs[1]], step.ranges, source)
                number_format = self._values.tensors[plan.layer.inputs[1]].number_format
            self._decoded[id(load)] = self._decode(plan, codes, number_format, "weights", cycle)
        return self._decoded[id(load)]

    def _inputs(self, plan: LayerPlan, step: Step, cycle: int) -> Integers:
        name = plan.layer.inputs[0]
        load = None if step.input_load is None else plan.loads[step.input_load]
        key = id(step if load is None else load)
        if key in self._decoded:
            return self._decoded[key]
        source: Source = self._resident[name] if load is None else self._tiles[id(load)]
        number_format = self._values.tensors[name].number_format
        codes = input_codes(plan.layer, self._layouts[name], step.ranges, int(number_format.encode(0.0)), source)
        integers = self._decode(plan, codes, number_format, "inputs", cycle)
        if load is not None:
            self._decoded[key] = integers
        return integers

    def _decode(self, plan: LayerPlan, codes: Codes, number_format: NumberFormat, operand: str, cycle: int) -> Integers:
        struck = self._faults.decoded(codes, number_format.bits, operand, plan.layer.name, cycle)
        return np.ascontiguousarray(fixed_point(number_format).integers[struck])

    def _multipliers(self, plan: LayerPlan, step: Step) -> tuple[Float32Array, Float32Array]:
        """What the sums of a tile are multiplied by and what is then added, shape (outputs, 1, 1) or ()."""
        if not plan.weight_tiles:
            stored = [self._values.tensors[name] for name in plan.layer.inputs]
            fraction_bits = sum(fixed_point(tensor.number_format).fraction_bits for tensor in stored)
            factor = np.float32(np.ldexp(stored[0].scale * stored[1].scale, -fraction_bits))
            return np.asarray(factor), np.zeros((), np.float32)
        tile, source = plan.weight_tiles[step.weight_load], self._tiles[id(plan.weight_loads[step.weight_load])]
        behind = tile.address + tile.code_bytes
        words = source.at(behind, tile.parameter_bytes)[:, 0].reshape(tile.results, -1)
        bias, factor = _words(words[:, : PARAMETER_WORDS * WORD_BYTES]).reshape(-1, PARAMETER_WORDS).T[..., None, None]
        if scales_apart(plan):
            factor = factor * _words(source.at(behind + tile.parameter_bytes, tile.scale_bytes))[:, None, None]
        return factor, bias

    def _vector_rows(self, plan: LayerPlan, rows: Range, tiles: dict[str | None, TileBytes]) -> Float32Array:
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
        return _words(self.memory.at(self._parameters[plan.layer.name], words.nbytes))

    def _numbers(self, name: str, channels: Range, rows: Range, tile: TileBytes | None) -> Float32Array:
        source: Source = self._resident[name] if tile is None else tile
        return decode_tensor(read_codes(self._layouts[name], channels, rows, source), self._values.tensors[name])

    def _encode(self, name: str, tile: OutputTile, channels: Range, first_row: int, x: Float32Array) -> None:
        numbers = np.where(np.isnan(x), np.float32(0), x)  # a flipped exponent can make infinities, and NaN of them
        codes = encode_tensor(numbers, self._values.tensors[name])
        if name in self._resident:
            region = self._resident[name]

            def put(address: int, found: npt.NDArray[np.uint8]) -> None:
                region.at(address, len(found))[:] |= found

            write_codes(self._layouts[name], channels, first_row, codes, put)
            return
        self._results[id(tile)] = TileBytes(tile.runs, self.memory, self._images)
        write_codes(self._layouts[name], channels, first_row, codes, self._results[id(tile)].put)


def _words(found: npt.NDArray[np.uint8]) -> Float32Array:
    """Bytes as float32 numbers."""
    return np.ascontiguousarray(found).reshape(-1).view(np.float32)
