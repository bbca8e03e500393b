"""A bench for one block: payloads sent to its socket, and the timed log of what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest
from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.tlm import CycleEnvironment, InitiatorSocket, Module, TargetSocket, Transaction, run_until_idle

#: (payload, issue cycle, complete cycle), in the order of completion.
Log = list[tuple[Transaction, int, int]]


class Player(Module):
    """Sends each payload in the cycle it is due, whether or not earlier ones are back."""

    def __init__(
        self, env: Environment, parent: Module, name: str, payloads: Sequence[tuple[int, Transaction]], log: Log
    ) -> None:
        super().__init__(env, name, parent)
        self.socket = InitiatorSocket(self, "socket", type(payloads[0][1]))
        self._payloads, self._log = payloads, log

    def processes(self) -> Iterable[ProcessGenerator]:
        return [self._send(cycle, payload) for cycle, payload in self._payloads]

    def _send(self, cycle: int, payload: Transaction) -> ProcessGenerator:
        yield self.env.timeout(cycle)
        yield from self.socket.b_transport(payload)
        self._log.append((payload, payload.issue_cycle, payload.complete_cycle))


class Bench:
    """A root module, players bound to sockets below it, and the log of a run."""

    def __init__(self) -> None:
        self.env = CycleEnvironment()
        self.root = Module(self.env, "bench")
        self.log: Log = []

    def play(self, socket: TargetSocket, *payloads: tuple[int, Transaction], name: str = "player") -> None:
        """Bind a player that sends (cycle, payload) pairs."""
        Player(self.env, self.root, name, payloads, self.log).socket.bind(socket)

    def run(self) -> list[tuple[int, int]]:
        """Run to the end; (issue, complete) cycles in the order of completion."""
        self.root.start()
        run_until_idle(self.env, self.root)
        return [(issue, complete) for _, issue, complete in self.log]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench() -> Callable[[], Bench]:
    return Bench
