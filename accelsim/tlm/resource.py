"""Something that one requester at a time may hold (a bus, a port), given out by an arbiter."""

from __future__ import annotations

from simpy import Environment, Event
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm.arbiter import Arbiter, Request
from accelsim.tlm.cycles import EndOfCycle, now_cycle
from accelsim.tlm.waiting import NamedEvent


class _Grant(NamedEvent):
    """Happens when the requester holds the resource."""

    def __init__(self, resource: ArbitratedResource, request: Request) -> None:
        super().__init__(resource.env)
        self.resource = resource
        self.request = request

    def describe(self) -> str:
        holder = self.resource.holder
        held_by = "free" if holder is None else f"held by requester {holder}"
        return f"{self.resource.path} ({held_by}), as requester {self.request.requester}"


class ArbitratedResource:
    """A resource with one holder. The arbiter decides at the end of a cycle, when the requests of the cycle are known.

    So requests of the same cycle meet before the arbiter, as in silicon, and the order in which their processes happen
    to run decides nothing. A decision takes no time: who asks for a free resource holds it in the same cycle.
    """

    def __init__(self, env: Environment, arbiter: Arbiter, path: str = "resource") -> None:
        self.env = env
        self.path = path
        #: The requester that holds the resource, None when it is free.
        self.holder: int | None = None
        self._arbiter = arbiter
        self._waiting: list[_Grant] = []
        self._is_deciding = False

    def request(self, requester: int, size_bytes: int = 1) -> Event:
        """Event that happens when `requester` holds the resource; `size_bytes` is what a weighted arbiter counts."""
        grant = _Grant(self, Request(requester, now_cycle(self.env), size_bytes))
        self._waiting.append(grant)
        self._decide_later()
        return grant

    def release(self) -> None:
        """Give the resource back; raises SimulationError when nobody holds it."""
        if self.holder is None:
            raise SimulationError(f"{self.path}: given back, but nobody holds it")
        self.holder = None
        self._decide_later()

    def use(self, requester: int, size_bytes: int, cycles: int) -> ProcessGenerator:
        """Hold the resource for `cycles`: `yield from resource.use(...)` waits for it, holds it and gives it back."""
        yield self.request(requester, size_bytes)
        yield self.env.timeout(cycles)
        self.release()

    def _decide_later(self) -> None:
        if self.holder is None and self._waiting and not self._is_deciding:
            self._is_deciding = True
            EndOfCycle(self.env).callbacks.append(self._decide)

    def _decide(self, _: Event) -> None:
        self._is_deciding = False
        grant = self._waiting.pop(self._arbiter.select([grant.request for grant in self._waiting]))
        self.holder = grant.request.requester
        grant.succeed()
