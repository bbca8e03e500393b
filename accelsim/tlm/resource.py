"""Something that a bounded number of requesters may hold (a bus, places in a queue), given out by an arbiter."""

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
        resource = self.resource
        return f"{resource.path} ({resource.held} of {resource.slots} held), as requester {self.request.requester}"


class ArbitratedResource:
    """A resource with `slots` holders at most. The arbiter decides at the end of a cycle, when its requests are known.

    So requests of the same cycle meet before the arbiter, as in silicon, and the order in which their processes happen
    to run decides nothing. A decision takes no time: who asks for a free resource holds it in the same cycle.
    """

    def __init__(self, env: Environment, arbiter: Arbiter, path: str = "resource", slots: int = 1) -> None:
        if slots < 1:
            raise SimulationError(f"{path}: nobody can hold a resource of {slots} slots")
        self.env = env
        self.path = path
        self.slots = slots
        #: Slots held now.
        self.held = 0
        self._arbiter = arbiter
        self._waiting: list[_Grant] = []
        self._requests: list[Request] = []  # of those that wait, in the same order
        self._is_deciding = False

    def request(self, requester: int, size_bytes: int = 1) -> Event:
        """Event that happens when `requester` holds a slot; `size_bytes` is what a weighted arbiter counts."""
        request = Request(requester, now_cycle(self.env), size_bytes)
        grant = _Grant(self, request)
        self._waiting.append(grant)
        self._requests.append(request)
        self._decide_later()
        return grant

    def release(self) -> None:
        """Give a slot back; raises SimulationError when nobody holds one."""
        if not self.held:
            raise SimulationError(f"{self.path}: given back, but nobody holds it")
        self.held -= 1
        self._decide_later()

    def use(self, requester: int, size_bytes: int, cycles: int) -> ProcessGenerator:
        """Hold a slot for `cycles`: `yield from resource.use(...)` waits for it, holds it and gives it back."""
        yield self.request(requester, size_bytes)
        yield self.env.timeout(cycles)
        self.release()

    def _decide_later(self) -> None:
        if self._waiting and self.held < self.slots and not self._is_deciding:
            self._is_deciding = True
            EndOfCycle(self.env).callbacks.append(self._decide)

    def _decide(self, _: Event) -> None:
        self._is_deciding = False
        while self._waiting and self.held < self.slots:
            chosen = self._arbiter.select(self._requests)
            self.held += 1
            del self._requests[chosen]
            self._waiting.pop(chosen).succeed()
