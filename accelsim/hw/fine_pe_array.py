"""The processing-element array fold by fold: `detail: fine`."""

from __future__ import annotations

from simpy import Environment, Event
from simpy.events import ProcessGenerator

from accelsim.analytic.compute import Fold, drain_cycles, folds_of
from accelsim.config.hardware import ArrayConfig
from accelsim.hw.payloads import OperandStream, TileMultiply
from accelsim.hw.pe_array import PEArray
from accelsim.tlm import InitiatorSocket, Module


class FinePEArray(PEArray):
    """Stands for what `PEArray` stands for, with the same parameters, and goes through every fold.

    Timing: a fold's stationary operands load in R cycles or as fast as port and decoder bring them; it streams T cycles
    or as long as its operands take; after the last fold, and without shadow registers after each, R + C - 2 cycles
    drain (`dot`: after the last fold, the stages of the tree). With shadow registers the next fold loads (`os`: this
    fold's results leave, R cycles) behind the stream. So a slow stream delays the fold that it belongs to, where
    `PEArray` stretches the tile as a whole.
    Not modelled: stalls inside a fold, zero skipping.
    """

    def __init__(self, env: Environment, name: str, parent: Module, config: ArrayConfig) -> None:
        super().__init__(env, name, parent, config)
        self._started: set[InitiatorSocket] = set()

    def _multiply(self, job: TileMultiply) -> ProcessGenerator:
        start, config, cycles = int(self.env.now), self._config, self._cycles(job)
        self._started = set()
        drain = drain_cycles(job.shape, config.dataflow)
        overlapped = config.shadow_registers or config.dataflow == "dot"
        behind: Event | None = None  # what shadow registers let go on beside the stream
        folds = list(folds_of(job.tile, job.shape, config.dataflow))
        for index, fold in enumerate(folds):
            if behind is None:
                yield from self._load(job, fold)
            elif config.dataflow in ("ws", "is"):
                yield behind
            if config.shadow_registers and config.dataflow in ("ws", "is") and index + 1 < len(folds):
                behind = self.env.process(self._load(job, folds[index + 1]))
            yield from self._stream_fold(job, fold)
            if config.dataflow == "os" and config.shadow_registers:
                if behind is not None:
                    yield behind
                behind = self.env.timeout(job.shape.rows)
            if not overlapped:
                yield self.env.timeout(drain)
        if overlapped:
            yield self.env.timeout(drain)
        job.streaming_cycles, job.fill_drain_cycles = cycles.streaming, cycles.fill_drain
        self._busy.record(start, start + cycles.total)
        self._macs.value += job.tile.macs
        self._tiles.value += 1

    def _load(self, job: TileMultiply, fold: Fold) -> ProcessGenerator:
        """Bring a fold's stationary operands into the array, a row a cycle."""
        if fold.loaded_inputs or fold.loaded_weights:
            yield from self._bring(job, job.shape.rows, fold.loaded_inputs, fold.loaded_weights)

    def _stream_fold(self, job: TileMultiply, fold: Fold) -> ProcessGenerator:
        """Stream a fold's moving operands through the array."""
        yield from self._bring(job, fold.streamed, fold.streamed_inputs, fold.streamed_weights)

    def _bring(self, job: TileMultiply, cycles: int, inputs: int, weights: int) -> ProcessGenerator:
        """Operands across both edges in at least so many cycles; notes how long port and decoder took in all."""
        shape, end = job.shape, self.env.timeout(cycles)
        streams = []
        if weights:
            stream = self._stream(weights, job.weight_bits, shape.weight_codes_per_port, job.weights_decoded)
            streams.append((self.weights, stream))
        if inputs:
            stream = self._stream(inputs, job.input_bits, shape.input_codes_per_port, job.inputs_decoded)
            streams.append((self.inputs, stream))
        under_way = [self.env.process(self._send(socket, stream)) for socket, stream in streams]
        yield end
        for process in under_way:
            yield process
        for socket, stream in streams:
            job.decoder_cycles += stream.decode_cycles
            if socket is self.weights:
                job.weight_port_cycles += stream.port_cycles
            else:
                job.input_port_cycles += stream.port_cycles

    def _send(self, socket: InitiatorSocket, stream: OperandStream) -> ProcessGenerator:
        stream.continues = socket in self._started
        self._started.add(socket)
        yield from socket.b_transport(stream)
