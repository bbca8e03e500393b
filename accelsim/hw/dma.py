"""A DMA engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.hw.payloads import Transfer
from accelsim.mapping.layout import Run
from accelsim.tlm import Command, InitiatorSocket, Module, TargetSocket
from accelsim.units import cut_at_multiples


def bursts_of(runs: Iterable[Run], max_burst_bytes: int) -> Iterator[Run]:
    """Runs cut at every multiple of the longest burst, so that a burst never crosses one."""
    for address, size_bytes in runs:
        yield from map(Run._make, cut_at_multiples(address, size_bytes, max_burst_bytes))


class DmaEngine(Module):
    """Stands for an address generator with a descriptor queue that moves tiles between DRAM and one buffer.

    It does im2col on the fly: an input tile costs its rows with their halo, not its expansion.

    Parameters: outstanding (transactions in flight), max_burst_bytes (a burst crosses no multiple of it).
    Timing: none of its own; `outstanding` workers share the bursts of a tile, each with one transaction under way.
    Not modelled: descriptor fetch; a tile's first burst goes out when the last one of the tile before has come back.
    """

    def __init__(self, env: Environment, name: str, parent: Module, *, outstanding: int, max_burst_bytes: int) -> None:
        super().__init__(env, name, parent)
        self.commands = TargetSocket(self, "commands", self._move, Transfer)
        self.memory = InitiatorSocket(self, "memory")
        self._outstanding, self._max_burst_bytes = outstanding, max_burst_bytes
        self._busy = self.statistics.busy_time("busy")
        self._bytes = {command: self.statistics.counter(f"{command.value}_bytes") for command in Command}
        self._transactions = self.statistics.counter("transactions")

    def _move(self, transfer: Transfer) -> ProcessGenerator:
        start = int(self.env.now)
        bursts = list(bursts_of(transfer.runs, self._max_burst_bytes))
        shared = iter(bursts)
        helpers = [
            self.env.process(self._work(transfer, shared)) for _ in range(min(self._outstanding, len(bursts)) - 1)
        ]
        yield from self._work(transfer, shared)
        for helper in helpers:
            yield helper
        self._busy.record(start, int(self.env.now))
        self._bytes[transfer.command].value += transfer.size_bytes
        self._transactions.value += len(bursts)

    def _work(self, transfer: Transfer, bursts: Iterator[Run]) -> ProcessGenerator:
        for run in bursts:
            burst = transfer.burst(run, self.path)
            yield from self.memory.b_transport(burst)
            transfer.returned(burst)
