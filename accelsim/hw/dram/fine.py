"""The DRAM in step with the rest, two bursts at a time: `detail: fine`."""

from __future__ import annotations

from simpy import Environment, Event
from simpy.events import ProcessGenerator

from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.module import DramBlock, DramSetup
from accelsim.tlm import Module, Transaction
from accelsim.units import PICOSECONDS_PER_SECOND

#: Clocks that the channels are ahead of the rest at most (the quantum of TLM-2.0's temporal decoupling): what arrives
#: meanwhile is seen at its end. Two bursts.
QUANTUM_CLOCKS = 8


class FineDram(DramBlock):
    """Stands for what `Dram` stands for, with the same parameters, in step with what else goes on.

    Timing: `DramChannel`, from arrival to the last data of a transaction, with the same two clock crossings.
    Not modelled: what `Dram` does not, and what docs/timing-model.md says of bursts.
    """

    def __init__(self, env: Environment, name: str, parent: Module, setup: DramSetup) -> None:
        super().__init__(env, name, parent, setup)
        self._under_way: list[tuple[list[Request], Event]] = []
        self._wake = env.event()
        self._quantum_cycles = max(1, QUANTUM_CLOCKS * setup.clock_hz * setup.preset.tck_ps // PICOSECONDS_PER_SECOND)

    def daemons(self) -> tuple[ProcessGenerator, ...]:
        """What moves the channels on while transactions are under way."""
        return (self._drive(),)

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        done = self.env.event()
        self._under_way.append(([request for _, request in self._submit(transaction)], done))
        if not self._wake.triggered:
            self._wake.succeed()
        yield done
        self._hand_over(transaction, int(self.env.now))

    def _drive(self) -> ProcessGenerator:
        while True:
            self._wake = self.env.event()
            if self._under_way:
                yield self._wake | self.env.timeout(self._quantum_cycles)
            else:
                yield self._wake
            now = int(self.env.now)
            for channel in self._channels:
                channel.timing.advance(self._crossing.clock_at(now + self._quantum_cycles))
            under_way, self._under_way = self._under_way, []
            for requests, done in under_way:
                if any(request.left for request in requests):
                    self._under_way.append((requests, done))
                else:
                    end = self._crossing.cycle_at(max(request.finished for request in requests))
                    self.env.process(self._finish(done, max(0, end - now)))

    def _finish(self, done: Event, cycles: int) -> ProcessGenerator:
        yield self.env.timeout(cycles)
        done.succeed()
