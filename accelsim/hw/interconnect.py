"""The fabric between the DMA engines and the DRAM controller."""

from __future__ import annotations

from functools import partial

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.tlm import (
    Arbiter,
    ArbitratedResource,
    Command,
    InitiatorSocket,
    Module,
    TargetSocket,
    Transaction,
)
from accelsim.units import ceil_div


class Interconnect(Module):
    """Stands for an AXI-like crossbar with one port per DMA engine, an arbiter, and separate read and write data paths.

    Parameters: bytes_per_cycle (data width of each path), core_bytes_per_cycle (the same of each core's own ports;
    None: as wide as the fabric), ports_of_a_core (ports in a row that are one core's), latency_cycles (request and
    response registers together), in_flight (transactions that the memory controller queues), arbiter.
    Timing: a transaction waits for the arbiter, which grants while fewer than in_flight are under way; latency_cycles
    later it is at the memory; its data crosses the fabric in ceil(size / bytes_per_cycle), overlapped with the memory's
    own transfer, one transaction at a time per direction, and likewise its core's ports.
    Not modelled: address channels, and ordering between ports.
    """

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module,
        *,
        ports: tuple[str, ...],
        ports_of_a_core: int,
        bytes_per_cycle: int,
        core_bytes_per_cycle: int | None,
        latency_cycles: int,
        in_flight: int,
        arbiter: Arbiter,
    ) -> None:
        super().__init__(env, name, parent)
        self.ports = {
            port: TargetSocket(self, port.replace(".", "_"), partial(self._carry, index))
            for index, port in enumerate(ports)
        }
        self.memory = InitiatorSocket(self, "memory")
        self._bytes_per_cycle, self._latency_cycles = bytes_per_cycle, latency_cycles
        self._queue = ArbitratedResource(env, arbiter, f"{self.path}.queue", slots=in_flight)
        self._core_bytes_per_cycle, self._ports_of_a_core = core_bytes_per_cycle, ports_of_a_core
        self._free: dict[tuple[Command, int | None], int] = {}
        self._waited = self.statistics.counter("arbitration_wait_cycles")
        self._transactions = self.statistics.counter("transactions")

    def _carry(self, port: int, transaction: Transaction) -> ProcessGenerator:
        yield self._queue.request(port, transaction.size_bytes)
        granted = int(self.env.now)
        self._waited.value += granted - transaction.issue_cycle
        self._transactions.value += 1
        transaction.delay_cycles += self._latency_cycles
        yield from self.memory.b_transport(transaction)
        self._queue.release()
        crossing_cycles = self._cross(transaction, port // self._ports_of_a_core, granted + self._latency_cycles)
        if crossing_cycles:
            yield self.env.timeout(crossing_cycles)

    def _cross(self, transaction: Transaction, core: int, at_memory: int) -> int:
        """Cycles that the data of a transaction, out of the memory now, still need through fabric and core's ports."""
        crossed = self._through(None, self._bytes_per_cycle, transaction, at_memory)
        if self._core_bytes_per_cycle is not None:
            crossed = max(crossed, self._through(core, self._core_bytes_per_cycle, transaction, at_memory))
        return max(crossed - int(self.env.now), 0)

    def _through(self, core: int | None, bytes_per_cycle: int, transaction: Transaction, at_memory: int) -> int:
        """When the data are through a path: that of a core's ports, or the fabric's, of the transaction's direction."""
        path = transaction.command, core
        crossed = max(self._free.get(path, 0), at_memory) + ceil_div(transaction.size_bytes, bytes_per_cycle)
        self._free[path] = crossed
        return crossed
