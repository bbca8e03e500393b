"""What the blocks call in a functional run: bytes into buffers, codes into the array, results back to DRAM."""

from __future__ import annotations

import numpy as np

from accelsim.functional.array import (
    checked_magnitude,
    input_codes,
    stationary_codes,
    tile_sums,
    weight_codes,
)
from accelsim.functional.bytes_at import Region, Source, TileBytes
from accelsim.functional.faults import Faults
from accelsim.functional.image import memory_before
from accelsim.functional.tile_codes import Codes, read_codes
from accelsim.functional.vector_tiles import PartialSums, VectorTiles, matmul_factor, trained_factors
from accelsim.hw.payloads import Cargo
from accelsim.hw.values import Values
from accelsim.mapping.memory_map import MemoryMap
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Schedule, Step
from accelsim.tlm import Command, Transaction
from quant.formats import NumberFormat
from quant.reference.sums import Integers, Sums, fixed_point
from quant.reference.values import Float32Array, NetworkValues


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
        self._layouts = memory_map.layouts
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
        self._sums: dict[int, PartialSums] = {}
        self._results: dict[int, TileBytes] = {}
        self._vector = VectorTiles(memory_map, values, self.memory, self._resident)
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
        operand = "weights" if load.tensor is None else "inputs"
        self._faults.arrived(cargo, operand, f"a tile of {load.tensor or operand}", cycle)
        self._tiles[id(load)] = cargo

    def given_up(self, load: Load) -> None:
        self.edge_bytes += self._tiles.pop(id(load)).edge_bytes
        self._decoded.pop(id(load), None)

    def multiplied(self, plan: LayerPlan, step: Step, cycle: int) -> None:
        weights, inputs = self._weights(plan, step, cycle), self._inputs(plan, step, cycle)
        sums = tile_sums(plan.layer, weights, inputs)
        tile = plan.outputs[step.output]
        if step.starts_output:
            self._sums[id(tile)] = self._partial_sums(plan, step, sums)
        else:
            self._sums[id(tile)].sums += sums
        largest = checked_magnitude(plan.layer, step.ranges, self._sums[id(tile)].sums, self._accumulator_bits)
        self.largest_sum = max(self.largest_sum, largest)

    def processed(self, plan: LayerPlan, tile: OutputTile, cycle: int) -> None:
        tiles = {plan.loads[index].tensor: self._tiles[id(plan.loads[index])] for index in tile.loads}
        stored = self._vector.process(plan, tile, self._sums.pop(id(tile), None), tiles)
        if stored is None:
            return
        if region := self._resident.get(plan.layer.name):
            self._faults.arrived(stored, "inputs", f"{plan.layer.name}, which stays on chip", cycle)
            region.merge(stored)
        else:
            self._results[id(tile)] = stored

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
            operand = "inputs" if load.tensor else "weights"
            self._decoded[id(load)] = self._decode(plan, codes, number_format, operand, cycle)
        return self._decoded[id(load)]

    def _inputs(self, plan: LayerPlan, step: Step, cycle: int) -> Integers:
        name = plan.layer.inputs[0]
        if step.input_load is None:
            return self._decoded_inputs(plan, step, self._resident[name], cycle)
        load = plan.loads[step.input_load]
        if id(load) not in self._decoded:
            self._decoded[id(load)] = self._decoded_inputs(plan, step, self._tiles[id(load)], cycle)
        return self._decoded[id(load)]

    def _decoded_inputs(self, plan: LayerPlan, step: Step, source: Source, cycle: int) -> Integers:
        name = plan.layer.inputs[0]
        number_format = self._values.tensors[name].number_format
        codes = input_codes(plan.layer, self._layouts[name], step.ranges, int(number_format.encode(0.0)), source)
        return self._decode(plan, codes, number_format, "inputs", cycle)

    def _decode(self, plan: LayerPlan, codes: Codes, number_format: NumberFormat, operand: str, cycle: int) -> Integers:
        struck = self._faults.decoded(codes, number_format.bits, operand, plan.layer.name, cycle)
        return np.ascontiguousarray(fixed_point(number_format).integers[struck])

    def _partial_sums(self, plan: LayerPlan, step: Step, sums: Sums) -> PartialSums:
        """The first sums of an output tile, with what its trained numbers say comes of them."""
        load = plan.weight_loads[step.weight_load]
        if not plan.weight_tiles:
            return PartialSums(step.ranges, sums, *matmul_factor(plan.layer, self._values))
        tile = plan.weight_tiles[step.weight_load]
        return PartialSums(step.ranges, sums, *trained_factors(plan, tile, self._tiles[id(load)]))
