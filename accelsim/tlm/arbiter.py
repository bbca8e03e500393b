"""Who goes first: arbitration policies as small objects without SimPy.

A policy sees the requests that wait and picks one. It may remember its own decisions, never the time, and equal
sequences of calls give equal answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import NamedTuple, Protocol

from accelsim.errors import InputError, SimulationError


class Request(NamedTuple):
    """A request that waits: which requester (from 0), since which cycle, for how many bytes."""

    requester: int
    arrival_cycle: int
    size_bytes: int = 1


class Arbiter(Protocol):
    """An arbitration policy."""

    def select(self, requests: Sequence[Request]) -> int:
        """Index in `requests`, which is not empty, of the one that is served next. Serving it is then taken as done.

        Raises SimulationError when a requester is not one that the policy knows.
        """


class RoundRobin:
    """In turn: the first requester that waits, counted on from the one served last. No requester starves."""

    def __init__(self, requesters: int) -> None:
        self.requesters = _at_least_one("requesters of a round-robin arbiter", requesters)
        self._next = 0

    def select(self, requests: Sequence[Request]) -> int:
        """The requester whose turn comes next; of its requests the oldest."""
        turns = [((request.requester - self._next) % self.requesters, request.arrival_cycle) for request in requests]
        chosen = turns.index(min(turns))
        _check_requester(requests[chosen], self.requesters)
        self._next = (requests[chosen].requester + 1) % self.requesters
        return chosen


class FixedPriority:
    """Always the most important requester that waits; the others can starve, as in silicon.

    order: every requester once, from the most to the least important.
    """

    def __init__(self, order: Sequence[int]) -> None:
        if not order or sorted(order) != list(range(len(order))):
            raise InputError("order of a fixed-priority arbiter", str(list(order)), "every requester from 0 on, once")
        self._rank = {requester: rank for rank, requester in enumerate(order)}

    def select(self, requests: Sequence[Request]) -> int:
        """The most important requester; of its requests the oldest."""

        def rank(index: int) -> tuple[int, int]:
            request = requests[index]
            _check_requester(request, len(self._rank))
            return self._rank[request.requester], request.arrival_cycle

        return min(range(len(requests)), key=rank)


class Weighted:
    """Bytes in proportion to weights among the requesters that wait: start-time fair queuing, in whole numbers.

    Each requester has a virtual clock that a grant advances by size_bytes / weight, and the one that is furthest behind
    is served. A requester that has been idle starts level with the others: idleness saves up no credit. While two
    requesters both wait, their bytes / weight differ by at most max_size / weight of the one plus that of the other, so
    shares converge to the weights and none starves (Goyal, Vin and Cheng, "Start-time Fair Queuing", SIGCOMM 1996).

    weights: one per requester, >= 1.
    """

    def __init__(self, weights: Sequence[int]) -> None:
        _at_least_one("requesters of a weighted arbiter", len(weights))
        self.weights = tuple(_at_least_one("weight of a weighted arbiter", weight) for weight in weights)
        common = lcm(*self.weights)
        # Virtual time in units of 1/common byte, so that every advance is a whole number.
        self._advance_per_byte = tuple(common // weight for weight in self.weights)
        self._virtual_now = 0
        self._clocks = [0] * len(self.weights)

    def select(self, requests: Sequence[Request]) -> int:
        """The requester furthest behind its share; of equals the oldest request, then the lower requester."""

        def start(index: int) -> tuple[int, int, int]:
            request = requests[index]
            _check_requester(request, len(self.weights))
            return max(self._virtual_now, self._clocks[request.requester]), request.arrival_cycle, request.requester

        chosen = min(range(len(requests)), key=start)
        requester, _, size_bytes = requests[chosen]
        self._virtual_now = max(self._virtual_now, self._clocks[requester])
        self._clocks[requester] = self._virtual_now + size_bytes * self._advance_per_byte[requester]
        return chosen


class OldestFirst:
    """The request that has waited longest; of equals the lower requester. No requester starves."""

    def select(self, requests: Sequence[Request]) -> int:
        """The oldest request."""
        return min(range(len(requests)), key=lambda index: (requests[index].arrival_cycle, requests[index].requester))


def _at_least_one(what: str, count: int) -> int:
    if count < 1:
        raise InputError(what, str(count), "a whole number from 1 on")
    return count


def _check_requester(request: Request, requesters: int) -> None:
    if not 0 <= request.requester < requesters:
        raise SimulationError(f"requester {request.requester} before an arbiter of {requesters}, numbered from 0")
