"""The DyBit decoders at one edge of the array."""

from __future__ import annotations

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.analytic.decode import decode_cycles
from accelsim.hw.payloads import OperandStream
from accelsim.tlm import InitiatorSocket, Module, TargetSocket


class Decoder(Module):
    """Stands for a bank of leading-one detectors and shifters that turn packed codes into operands at the array's edge.

    Parameters: lanes (each takes one native-width word of codes a cycle: more codes when they are narrow),
    latency_cycles of the pipeline.
    Timing: latency_cycles + ceil(codes / (codes per word * lanes)), in parallel with the buffer's port and the array;
    formats that need no decoder pass through in no time.
    Not modelled: stalls inside a tile; a slow decoder stretches the whole tile.
    """

    def __init__(self, env: Environment, name: str, parent: Module, *, lanes: int, latency_cycles: int) -> None:
        super().__init__(env, name, parent)
        self.to_array = TargetSocket(self, "to_array", self._decode, OperandStream)
        self.from_buffer = InitiatorSocket(self, "from_buffer", OperandStream)
        self._lanes, self._latency_cycles = lanes, latency_cycles
        self._busy = self.statistics.busy_time("busy")
        self._codes = self.statistics.counter("codes")

    def _decode(self, stream: OperandStream) -> ProcessGenerator:
        if not stream.decoded:
            yield from self.from_buffer.b_transport(stream)
            return
        start = int(self.env.now)
        fetching = self.env.process(self.from_buffer.b_transport(stream))
        latency_cycles = 0 if stream.continues else self._latency_cycles
        stream.decode_cycles = decode_cycles(stream.codes, stream.codes_per_word, self._lanes, latency_cycles)
        yield self.env.timeout(stream.decode_cycles)
        yield fetching
        self._codes.value += stream.codes
        self._busy.record(start, start + stream.decode_cycles)
