"""Two ready-made modules: one that sends given transactions and one that serves any. For examples and test benches."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm.arbiter import Arbiter
from accelsim.tlm.cycles import now_cycle
from accelsim.tlm.module import Module
from accelsim.tlm.resource import ArbitratedResource
from accelsim.tlm.socket import InitiatorSocket, TargetSocket
from accelsim.tlm.transaction import Command, Status, Transaction
from accelsim.units import ceil_div


class TrafficPlayer(Module):
    """Sends `transactions` in their order, each as soon as fewer than `max_outstanding` of them are under way.

    Timing: none of its own. Not modelled: the work that causes the traffic.
    """

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module | None = None,
        *,
        transactions: Iterable[Transaction],
        max_outstanding: int = 1,
    ) -> None:
        super().__init__(env, name, parent)
        if max_outstanding < 1:
            raise SimulationError(f"{self.path}: {max_outstanding} outstanding transactions move nothing")
        self.socket = InitiatorSocket(self, "socket")
        self._transactions = iter(transactions)
        self._max_outstanding = max_outstanding
        self._latency = self.statistics.histogram("latency_cycles")

    def processes(self) -> Iterable[ProcessGenerator]:
        """As many players of the one list as transactions may be outstanding."""
        return (self.play() for _ in range(self._max_outstanding))

    def play(self) -> ProcessGenerator:
        """Take the next transaction of the list, send it, wait for it to come back; until there is none."""
        for transaction in self._transactions:
            yield from self.socket.b_transport(transaction)
            self._latency.record(transaction.latency_cycles)


class SimpleMemory(Module):
    """A memory with `ports` ports that serves one transaction at a time; an arbiter picks which.

    Parameters: latency_cycles, bytes_per_cycle; `contents`, when given, is read and written by transactions.
    Timing: latency_cycles + ceil(size_bytes / bytes_per_cycle) from the cycle in which the arbiter grants.
    Not modelled: banks, rows, refresh, overlap of the latency of one transaction with the data of another.
    """

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module | None = None,
        *,
        arbiter: Arbiter,
        ports: int = 1,
        latency_cycles: int = 0,
        bytes_per_cycle: int = 1,
        contents: bytearray | None = None,
    ) -> None:
        super().__init__(env, name, parent)
        self.ports = tuple(TargetSocket(self, f"port{i}", partial(self._serve, i)) for i in range(ports))
        self.latency_cycles = latency_cycles
        self.bytes_per_cycle = bytes_per_cycle
        self.contents = contents
        self._core = ArbitratedResource(env, arbiter, f"{self.path}.core")
        self._bytes = {command: self.statistics.counter(f"{command.value}_bytes") for command in Command}
        self._busy = self.statistics.busy_time("busy")

    def service_cycles(self, size_bytes: int) -> int:
        """Cycles that a transaction of this size keeps the memory busy."""
        return self.latency_cycles + ceil_div(size_bytes, self.bytes_per_cycle)

    def _serve(self, port: int, transaction: Transaction) -> ProcessGenerator:
        if transaction.delay_cycles:
            yield self.env.timeout(transaction.delay_cycles)
        cycles = self.service_cycles(transaction.size_bytes)
        yield from self._core.use(port, transaction.size_bytes, cycles)
        self._bytes[transaction.command].value += transaction.size_bytes
        end_cycle = now_cycle(self.env)
        self._busy.record(end_cycle - cycles, end_cycle)
        if self.contents is not None:
            self._access(transaction, self.contents)

    def _access(self, transaction: Transaction, contents: bytearray) -> None:
        end = transaction.address + transaction.size_bytes
        if end > len(contents):
            transaction.status = Status.ADDRESS_ERROR
        elif transaction.command is Command.READ:
            transaction.data = bytes(contents[transaction.address : end])
        elif transaction.data is not None:
            contents[transaction.address : end] = transaction.data
