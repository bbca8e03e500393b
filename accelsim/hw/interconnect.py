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

    Parameters: bytes_per_cycle (data width of each path), latency_cycles (request and response registers together),
    in_flight (transactions that the memory controller queues), arbiter.
    Timing: a transaction waits for the arbiter, which grants while fewer than in_flight are under way; latency_cycles
    later it is at the memory; its data crosses the fabric in ceil(size / bytes_per_cycle), overlapped with the memory's
    own transfer, one transaction at a time per direction.
    Not modelled: address channels, and ordering between ports.
    """

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module,
        *,
        ports: tuple[str, ...],
        bytes_per_cycle: int,
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
        self._read_path_free = self._write_path_free = 0
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
        crossing_cycles = self._cross(transaction, granted + self._latency_cycles)
        if crossing_cycles:
            yield self.env.timeout(crossing_cycles)

    def _cross(self, transaction: Transaction, at_memory: int) -> int:
        """Cycles that the data of a transaction, out of the memory now, still need through the fabric."""
        crossing = ceil_div(transaction.size_bytes, self._bytes_per_cycle)
        if transaction.command is Command.READ:
            crossed = self._read_path_free = max(self._read_path_free, at_memory) + crossing
        else:
            crossed = self._write_path_free = max(self._write_path_free, at_memory) + crossing
        return max(crossed - int(self.env.now), 0)
