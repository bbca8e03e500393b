"""A memory without limits."""

from __future__ import annotations

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.tlm import Command, Module, TargetSocket, Trace, Transaction


class IdealMemory(Module):
    """Stands for no silicon: infinite bandwidth and no latency, to study the array alone (`dram.preset: ideal`).

    Timing: zero cycles from the end of the way to it. Bytes are counted as in a real DRAM.
    """

    def __init__(self, env: Environment, name: str, parent: Module, trace: Trace, values: Values = TIMED_ONLY) -> None:
        super().__init__(env, name, parent)
        self.target = TargetSocket(self, "target", self._serve)
        self._bytes = {command: self.statistics.counter(f"{command.value}_bytes") for command in Command}
        self._values = values
        self._trace, self._event = trace, {command: trace.event(f"dram_{command.value}") for command in Command}

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        yield self.env.timeout(transaction.delay_cycles)
        self._bytes[transaction.command].value += transaction.size_bytes
        self._values.served(transaction, int(self.env.now))
        source = self._trace.source(transaction.initiator)
        self._trace.record(int(self.env.now), source, self._event[transaction.command], transaction.size_bytes)
