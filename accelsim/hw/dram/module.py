"""The DRAM: its channels behind one target socket."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import Any, ClassVar

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.address_map import AddressMap, Location
from accelsim.hw.dram.channel import DramChannel
from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.tlm import Command, Module, TargetSocket, Trace, Transaction
from accelsim.units import PICOSECONDS_PER_SECOND, ceil_div


class DramBlock(Module):
    """What both levels of detail share: the address map, the clock crossing, a channel's statistics, the trace.

    `make_channel` is the timing of one channel, made of a preset.
    """

    make_channel: ClassVar[type[Any]]

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
        super().__init__(env, name, parent)
        self.target = TargetSocket(self, "target", self._serve)
        self._map = AddressMap(preset, channels)
        self._channels = [
            _Channel(env, f"channel{index}", self, self.make_channel(preset)) for index in range(channels)
        ]
        self._burst_bytes = preset.burst_bytes
        ratio = gcd(PICOSECONDS_PER_SECOND, clock_hz * preset.tck_ps)
        #: Core cycles : DRAM clocks in whole numbers.
        self._cycles, self._clocks = clock_hz * preset.tck_ps // ratio, PICOSECONDS_PER_SECOND // ratio
        self._trace, self._values = trace, values
        self._read_event, self._write_event = trace.event("dram_read"), trace.event("dram_write")

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        raise NotImplementedError

    def _clock_at(self, cycle: int) -> int:
        """The first DRAM clock edge at or after a core cycle."""
        return ceil_div(cycle * self._clocks, self._cycles)

    def _cycle_at(self, clock: int) -> int:
        """The first core cycle at or after a DRAM clock edge."""
        return ceil_div(clock * self._cycles, self._clocks)

    def _chunks(self, transaction: Transaction) -> Iterator[tuple[Any, Location, int]]:
        """The timing of the channel, the place and the bursts of each chunk; counts its bytes."""
        is_write = transaction.command is Command.WRITE
        for address, size_bytes in self._map.chunks(transaction.address, transaction.size_bytes):
            place = self._map.locate(address)
            channel = self._channels[place.channel]
            bursts = (address + size_bytes - 1) // self._burst_bytes - address // self._burst_bytes + 1
            (channel.write_bytes if is_write else channel.read_bytes).value += size_bytes
            yield channel.timing, place, bursts

    def _hand_over(self, transaction: Transaction, done: int) -> None:
        """Hand over the bytes, and note it in the trace."""
        self._values.served(transaction, done)
        source = self._trace.source(transaction.initiator)
        event = self._write_event if transaction.command is Command.WRITE else self._read_event
        self._trace.record(done, source, event, transaction.size_bytes, transaction.address)


class Dram(DramBlock):
    """Stands for the DRAM devices of all channels and for the memory controller in front of each.

    Parameters: a preset (timing, geometry, queues), the number of channels, the core clock.
    Timing: a transaction is cut into chunks, one for each block of the address map (a row) that it touches; for each,
    `DramChannel` gives the DRAM clock at which its last data have passed, and the last of them ends the transaction.
    Arrival and completion are rounded up to the next edge at the two clock crossings, in exact integer arithmetic. One
    event per transaction.
    Not modelled: several ranks, power-down, refresh of single banks, the physical interface's own latency.
    """

    make_channel = DramChannel

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        now, is_write = int(self.env.now), transaction.command is Command.WRITE
        arrival_clock = self._clock_at(now + transaction.delay_cycles)
        done_clock = 0
        for timing, place, bursts in self._chunks(transaction):
            done_clock = max(done_clock, timing.serve(arrival_clock, place, bursts, is_write))
        done = self._cycle_at(done_clock)
        yield self.env.timeout(done - now)
        self._hand_over(transaction, done)


class _Channel(Module):
    """One channel: its timing and its statistics."""

    def __init__(self, env: Environment, name: str, parent: Module, timing: Any) -> None:
        super().__init__(env, name, parent)
        self.timing = timing
        self.read_bytes = self.statistics.counter("read_bytes")
        self.write_bytes = self.statistics.counter("write_bytes")
        self.statistics.gauge("row_hits", lambda: self.timing.row_hits)
        self.statistics.gauge("row_misses", lambda: self.timing.row_misses)
        self.statistics.gauge("row_conflicts", lambda: self.timing.row_conflicts)
