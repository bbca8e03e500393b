"""The post-processing unit."""

from __future__ import annotations

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.analytic.vector import vector_cycles
from accelsim.config.hardware import VectorConfig
from accelsim.hw.payloads import PostProcess
from accelsim.tlm import Module, TargetSocket


class VectorUnit(Module):
    """Stands for a SIMD pipeline behind the array: bias, batch norm, activation, residual add, pooling with its line
    buffer, softmax, layer norm, and the encoder that packs the result into its number format.

    Parameters: lanes (elements per cycle and pass), latency_cycles.
    Timing: latency_cycles + ceil(elements * passes / lanes) per tile, one tile at a time.
    Not modelled: the capacity of the line buffer, table look-ups of exp and erf, conflicts on the output buffer.
    """

    def __init__(self, env: Environment, name: str, parent: Module, config: VectorConfig) -> None:
        super().__init__(env, name, parent)
        self.commands = TargetSocket(self, "commands", self._process, PostProcess)
        self._config = config
        self._busy = self.statistics.busy_time("busy")
        self._elements = self.statistics.counter("elements")

    def _process(self, tile: PostProcess) -> ProcessGenerator:
        start = self.env.now
        yield self.env.timeout(vector_cycles(tile.elements, tile.passes, self._config))
        self._busy.record(int(start), int(self.env.now))
        self._elements.value += tile.elements
