"""The DRAM: its channels behind one target socket."""

from __future__ import annotations

from math import gcd

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.channel import DramChannel
from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.tlm import Command, Module, TargetSocket, Trace, Transaction
from accelsim.units import PICOSECONDS_PER_SECOND, ceil_div


class Dram(Module):
    """Stands for the DRAM devices of all channels and for the memory controller in front of each.

    Parameters: a preset (timing, geometry, queues), the number of channels, the core clock.
    Timing: a transaction is cut into chunks, one for each block of the address map (a row) that it touches; for each,
    `DramChannel` gives the DRAM clock at which its last data have passed, and the last of them ends the transaction.
    Arrival and completion are rounded up to the next edge at the two clock crossings, in exact integer arithmetic. One
    event per transaction.
    Not modelled: several ranks, power-down, refresh of single banks, the physical interface's own latency.
    """

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
        self._channels = [_Channel(env, f"channel{index}", self, preset) for index in range(channels)]
        self._burst_bytes = preset.burst_bytes
        ratio = gcd(PICOSECONDS_PER_SECOND, clock_hz * preset.tck_ps)
        #: Core cycles : DRAM clocks in whole numbers.
        self._cycles, self._clocks = clock_hz * preset.tck_ps // ratio, PICOSECONDS_PER_SECOND // ratio
        self._trace, self._values = trace, values
        self._read_event, self._write_event = trace.event("dram_read"), trace.event("dram_write")

    def _serve(self, transaction: Transaction) -> ProcessGenerator:
        now, is_write = int(self.env.now), transaction.command is Command.WRITE
        arrival_clock = ceil_div((now + transaction.delay_cycles) * self._clocks, self._cycles)
        done_clock = 0
        for address, size_bytes in self._map.chunks(transaction.address, transaction.size_bytes):
            place = self._map.locate(address)
            channel = self._channels[place.channel]
            bursts = (address + size_bytes - 1) // self._burst_bytes - address // self._burst_bytes + 1
            chunk_done_clock = channel.timing.serve(arrival_clock, place, bursts, is_write)
            if chunk_done_clock > done_clock:
                done_clock = chunk_done_clock
            (channel.write_bytes if is_write else channel.read_bytes).value += size_bytes
        done = ceil_div(done_clock * self._cycles, self._clocks)
        yield self.env.timeout(done - now)
        self._values.served(transaction, done)
        source = self._trace.source(transaction.initiator)
        event = self._write_event if is_write else self._read_event
        self._trace.record(done, source, event, transaction.size_bytes, transaction.address)


class _Channel(Module):
    """One channel: its timing and its statistics."""

    def __init__(self, env: Environment, name: str, parent: Module, preset: DramPreset) -> None:
        super().__init__(env, name, parent)
        self.timing = DramChannel(preset)
        self.read_bytes = self.statistics.counter("read_bytes")
        self.write_bytes = self.statistics.counter("write_bytes")
        self.statistics.gauge("row_hits", lambda: self.timing.row_hits)
        self.statistics.gauge("row_misses", lambda: self.timing.row_misses)
        self.statistics.gauge("row_conflicts", lambda: self.timing.row_conflicts)
