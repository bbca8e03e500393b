"""The processing-element array."""

from __future__ import annotations

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.analytic.compute import ArrayCycles, array_cycles
from accelsim.config.hardware import ArrayConfig
from accelsim.hw.payloads import OperandStream, TileMultiply
from accelsim.tlm import Command, InitiatorSocket, Module, TargetSocket
from accelsim.units import bits_to_bytes


class PEArray(Module):
    """Stands for rows x cols multiply-accumulate elements with fusable multipliers and a 32-bit accumulator each.

    Parameters: rows, cols, dataflow, operand_bits (the fusion modes), shadow_registers.
    Timing: `analytic.compute.array_cycles` per tile, stretched to the slower of its two operand streams when a decoder
    or a buffer port cannot keep up: max(array, weight stream, input stream).
    Not modelled: stalls inside a tile (a late stream delays its end, not its middle), zero skipping.
    """

    def __init__(self, env: Environment, name: str, parent: Module, config: ArrayConfig) -> None:
        super().__init__(env, name, parent)
        self.commands = TargetSocket(self, "commands", self._multiply, TileMultiply)
        self.weights = InitiatorSocket(self, "weights", OperandStream)
        self.inputs = InitiatorSocket(self, "inputs", OperandStream)
        self._config = config
        self._busy = self.statistics.busy_time("busy")
        self._macs = self.statistics.counter("macs")
        self._tiles = self.statistics.counter("tiles")
        self._known: dict[object, ArrayCycles] = {}

    def _multiply(self, job: TileMultiply) -> ProcessGenerator:
        start = int(self.env.now)
        cycles = self._cycles(job)
        shape = job.shape
        weights = self._stream(cycles.weight_codes, job.weight_bits, shape.weight_codes_per_port, job.weights_decoded)
        inputs = self._stream(cycles.input_codes, job.input_bits, shape.input_codes_per_port, job.inputs_decoded)
        streams = [
            self.env.process(self.weights.b_transport(weights)),
            self.env.process(self.inputs.b_transport(inputs)),
        ]
        yield self.env.timeout(cycles.total)
        for stream in streams:
            yield stream
        job.streaming_cycles, job.fill_drain_cycles = cycles.streaming, cycles.fill_drain
        job.decoder_cycles = max(weights.decode_cycles, inputs.decode_cycles)
        job.weight_port_cycles, job.input_port_cycles = weights.port_cycles, inputs.port_cycles
        self._busy.record(start, start + cycles.total)
        self._macs.value += job.tile.macs
        self._tiles.value += 1

    def _cycles(self, job: TileMultiply) -> ArrayCycles:
        key = (job.tile, job.shape)
        if key not in self._known:
            config = self._config
            self._known[key] = array_cycles(
                job.tile, job.shape, config.dataflow, shadow_registers=config.shadow_registers
            )
        return self._known[key]

    def _stream(self, codes: int, bits: int, codes_per_word: int, decoded: bool) -> OperandStream:
        return OperandStream(
            Command.READ,
            0,
            bits_to_bytes(codes * bits),
            self.path,
            codes=codes,
            codes_per_word=codes_per_word,
            decoded=decoded,
        )
