"""The DRAM: its channels behind one target socket."""

from __future__ import annotations

from dataclasses import dataclass

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel
from accelsim.hw.dram.crossing import ClockCrossing
from accelsim.hw.dram.timing import FOREVER
from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.tlm import Command, Module, TargetSocket, Trace, Transaction


@dataclass(frozen=True, slots=True)
class DramSetup:
    """What a DRAM is built from: a preset (timing, geometry, queues), the number of channels, the core clock; the trace
    that it writes, and what the transactions carry.
    """

    preset: DramPreset
    channels: int
    clock_hz: int
    trace: Trace
    values: Values = TIMED_ONLY


class DramBlock(Module):
    """What both levels of detail share: address map, clock crossing, channels with their statistics, the trace."""

    def __init__(self, env: Environment, name: str, parent: Module, setup: DramSetup) -> None:
        super().__init__(env, name, parent)
        self.target = TargetSocket(self, "target", self._serve)
        preset, trace = setup.preset, setup.trace
        self._map = AddressMap(preset, setup.channels)
        self._channels = [
            _Channel(env, f"channel{index}", self, DramChannel(preset)) for index in range(setup.channels)
        ]
        self._crossing = ClockCrossing(setup.clock_hz, preset.tck_ps)
        self._trace, self._values = trace, setup.values
        self._read_event, self._write_event = trace.event("dram_read"), trace.event("dram_write")

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        raise NotImplementedError

    def _submit(self, transaction: Transaction) -> list[tuple[DramChannel, Request]]:
        """Hand a transaction to the channels; each channel that has a part of it, and that part."""
        is_write = transaction.command is Command.WRITE
        arrival_clock = self._crossing.clock_at(int(self.env.now) + transaction.delay_cycles)
        requests: dict[DramChannel, Request] = {}
        for place, bursts, size_bytes in self._map.chunks(transaction.address, transaction.size_bytes):
            channel = self._channels[place[0]]
            (channel.write_bytes if is_write else channel.read_bytes).value += size_bytes
            timing = channel.timing
            request = requests.get(timing)
            if request is None:
                request = requests[timing] = Request()
            timing.submit(arrival_clock, place, bursts, is_write, request)
        return list(requests.items())

    def _hand_over(self, transaction: Transaction, done: int) -> None:
        """Hand over the bytes, and note it in the trace."""
        self._values.served(transaction, done)
        source = self._trace.source(transaction.initiator)
        event = self._write_event if transaction.command is Command.WRITE else self._read_event
        self._trace.record(done, source, event, transaction.size_bytes, transaction.address)


class Dram(DramBlock):
    """Stands for the DRAM devices of all channels and for the memory controller in front of each.

    Parameters: those of `DramSetup`, and in_flight, the most transactions that are under way at a time.
    Timing: a transaction is cut into chunks, one for each block of the address map (a row) that it touches; it is done
    when the last of them is (`DramChannel`). Arrival and completion are rounded up to the next edge at the two clock
    crossings, in exact integer arithmetic.
    Not modelled: several ranks, power-down, refresh of single banks, the physical interface's own latency.
    """

    def __init__(self, env: Environment, name: str, parent: Module, setup: DramSetup, in_flight: int) -> None:
        super().__init__(env, name, parent, setup)
        # With several channels a transaction may come because another one was done elsewhere.
        self._all_requests = in_flight if setup.channels == 1 else FOREVER

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        for channel, request in self._submit(transaction):
            yield from self._until_done(channel, request)
        self._hand_over(transaction, int(self.env.now))

    def _until_done(self, channel: DramChannel, request: Request) -> ProcessGenerator:
        """Wait for a request, and move the channel's clock on, as far as nothing that may still arrive can change."""
        env, crossing = self.env, self._crossing
        while True:
            now = int(env.now)
            channel.advance(crossing.clock_at(now))
            if channel.requests == self._all_requests:
                channel.advance(most_requests=self._all_requests - 1)
            end = crossing.cycle_at(channel.earliest_end(request))
            if not request.left and end <= now:
                return
            yield env.timeout(end - now if end > now else 1)


class _Channel(Module):
    """One channel: its timing and its statistics."""

    def __init__(self, env: Environment, name: str, parent: Module, timing: DramChannel) -> None:
        super().__init__(env, name, parent)
        self.timing = timing
        self.read_bytes = self.statistics.counter("read_bytes")
        self.write_bytes = self.statistics.counter("write_bytes")
        self.statistics.gauge("row_hits", lambda: self.timing.row_hits)
        self.statistics.gauge("row_misses", lambda: self.timing.row_misses)
        self.statistics.gauge("row_conflicts", lambda: self.timing.row_conflicts)
