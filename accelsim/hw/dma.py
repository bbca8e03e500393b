"""A DMA engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.hw.payloads import Transfer
from accelsim.mapping.layout import Run
from accelsim.tlm import Command, InitiatorSocket, Module, TargetSocket, Transaction


def burst_chunks(runs: Iterable[Run], boundaries_bytes: Sequence[int]) -> Iterator[Run]:
    """Runs cut at every multiple of each boundary, so that a chunk never crosses one."""
    for address, size_bytes in runs:
        end = address + size_bytes
        while address < end:
            stop = end
            for boundary in boundaries_bytes:
                edge = address - address % boundary + boundary
                if edge < stop:
                    stop = edge
            yield Run(address, stop - address)
            address = stop


class DmaEngine(Module):
    """Stands for an address generator with a descriptor queue that moves tiles between DRAM and one buffer.

    It does im2col on the fly: an input tile costs its rows with their halo, not its expansion.

    Parameters: outstanding (transactions in flight), boundaries_bytes (a chunk crosses no multiple of these: the
    longest burst, a DRAM row).
    Timing: none of its own; `outstanding` workers share the chunks of a tile, each with one transaction under way.
    Not modelled: descriptor fetch; a tile's first burst goes out when the last one of the tile before has come back.
    """

    def __init__(
        self, env: Environment, name: str, parent: Module, *, outstanding: int, boundaries_bytes: Sequence[int]
    ) -> None:
        super().__init__(env, name, parent)
        self.commands = TargetSocket(self, "commands", self._move, Transfer)
        self.memory = InitiatorSocket(self, "memory")
        self._outstanding, self._boundaries_bytes = outstanding, boundaries_bytes
        self._busy = self.statistics.busy_time("busy")
        self._bytes = {command: self.statistics.counter(f"{command.value}_bytes") for command in Command}
        self._transactions = self.statistics.counter("transactions")

    def _move(self, transfer: Transfer) -> ProcessGenerator:
        start = int(self.env.now)
        chunks = list(burst_chunks(transfer.runs, self._boundaries_bytes))
        shared = iter(chunks)
        helpers = [
            self.env.process(self._work(transfer.command, shared))
            for _ in range(min(self._outstanding, len(chunks)) - 1)
        ]
        yield from self._work(transfer.command, shared)
        for helper in helpers:
            yield helper
        self._busy.record(start, int(self.env.now))
        self._bytes[transfer.command].value += transfer.size_bytes
        self._transactions.value += len(chunks)

    def _work(self, command: Command, chunks: Iterator[Run]) -> ProcessGenerator:
        for address, size_bytes in chunks:
            yield from self.memory.b_transport(Transaction(command, address, size_bytes, self.path))
