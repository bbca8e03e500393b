"""The DRAM burst by burst: `detail: fine`."""

from __future__ import annotations

from simpy import Environment, Event
from simpy.events import ProcessGenerator

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.module import DramBlock
from accelsim.hw.dram.queued_bank import Request
from accelsim.hw.dram.queued_channel import QueuedChannel
from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.tlm import Command, Module, Trace, Transaction

#: Clocks that the channels are ahead of the rest at most (the quantum of TLM-2.0's temporal decoupling): what arrives
#: meanwhile is seen at its end. Two bursts.
QUANTUM_CLOCKS = 8


class FineDram(DramBlock):
    """Stands for what `Dram` stands for, with the same parameters, and gives every burst its slot.

    Timing: `QueuedChannel`, from arrival to the last data of a transaction, with the same two clock crossings.
    Not modelled: what `Dram` does not, and what docs/timing-model.md says of bursts.
    """

    make_channel = QueuedChannel

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module,
        *,
        preset: DramPreset,
        channels: int,
        clock_hz: int,
        trace: Trace,
        values: Values = TIMED_ONLY,
    ) -> None:
        super().__init__(
            env,
            name,
            parent,
            preset=preset,
            channels=channels,
            clock_hz=clock_hz,
            trace=trace,
            values=values,
        )
        self._under_way: list[tuple[Request, Event]] = []
        self._wake = env.event()
        self._quantum_cycles = max(1, QUANTUM_CLOCKS * self._cycles // self._clocks)

    def daemons(self) -> tuple[ProcessGenerator, ...]:
        """What moves the channels on while transactions are under way."""
        return (self._drive(),)

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        is_write, request, done = transaction.command is Command.WRITE, Request(), self.env.event()
        arrival_clock = self._clock_at(int(self.env.now) + transaction.delay_cycles)
        for timing, place, bursts in self._chunks(transaction):
            timing.submit(arrival_clock, place, bursts, is_write, request)
        self._under_way.append((request, done))
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
            self._advance(self._clock_at(now + self._quantum_cycles))
            finished = [entry for entry in self._under_way if not entry[0].parts]
            self._under_way = [entry for entry in self._under_way if entry[0].parts]
            for request, done in finished:
                self.env.process(self._finish(done, max(0, self._cycle_at(request.finished) - now)))

    def _advance(self, until: int) -> None:
        for channel in self._channels:
            while channel.timing.now < until and channel.timing.step(until):
                pass

    def _finish(self, done: Event, cycles: int) -> ProcessGenerator:
        yield self.env.timeout(cycles)
        done.succeed()
