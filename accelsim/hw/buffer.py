"""An on-chip buffer."""

from __future__ import annotations

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.hw.payloads import OperandStream
from accelsim.tlm import CreditPool, Module, TargetSocket
from accelsim.units import ceil_div


class Buffer(Module):
    """Stands for a bank of SRAM (block RAM) that whole tiles are written into and given up from.

    Parameters: capacity_bytes.
    Timing: a producer waits until `space` has room for its whole tile (back-pressure); a tile gives its bytes back when
    its last reader is done.
    Not modelled: bank conflicts, the write port (taken as wide as the interconnect), fragmentation.
    """

    def __init__(self, env: Environment, name: str, parent: Module, capacity_bytes: int) -> None:
        super().__init__(env, name, parent)
        self.space = CreditPool(env, capacity_bytes, self.path)
        self.statistics.gauge("capacity_bytes", lambda: self.space.capacity)
        self.statistics.gauge("peak_bytes", lambda: self.space.high_water)


class OperandBuffer(Buffer):
    """A buffer with a read port towards one edge of the array.

    Parameters: port_bytes_per_cycle, None when the port is as wide as the array's edge and never limits.
    Timing: ceil(bytes / port_bytes_per_cycle) to stream operands out, in parallel to their use.
    """

    def __init__(
        self, env: Environment, name: str, parent: Module, capacity_bytes: int, port_bytes_per_cycle: int | None
    ) -> None:
        super().__init__(env, name, parent, capacity_bytes)
        self.read_port = TargetSocket(self, "read_port", self._read, OperandStream)
        self._port_bytes_per_cycle = port_bytes_per_cycle
        self._streamed = self.statistics.counter("streamed_bytes")

    def _read(self, stream: OperandStream) -> ProcessGenerator:
        self._streamed.value += stream.size_bytes
        if self._port_bytes_per_cycle is not None:
            stream.port_cycles = ceil_div(stream.size_bytes, self._port_bytes_per_cycle)
            yield self.env.timeout(stream.port_cycles)
