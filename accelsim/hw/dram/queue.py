"""The controller's transaction queue: which chunk is far enough to be worked on beside the ones before it."""

from __future__ import annotations

import heapq
from typing import NamedTuple


class _Place(NamedTuple):
    """Places that a chunk's bursts take, and when its last and its first burst leave; ordered by the last."""

    last_leaves: int
    order: int
    first_leaves: int
    bursts: int


class TransactionQueue:
    """`capacity` places for bursts. A burst is accepted when there is a place, in order, and gives it back when it
    moves on into the queue of its bank; between the first and the last burst of a chunk that happens evenly.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._places: list[_Place] = []
        self._taken = 0
        self._accepted = 0
        self._chunks = 0

    def accept(self, arrival: int) -> int:
        """When there is a place for the first burst of a chunk that arrives now, after all the earlier ones."""
        clock, places = max(arrival, self._accepted), self._places
        while places and places[0].last_leaves <= clock:
            self._taken -= heapq.heappop(places).bursts
        excess = self._taken - self._capacity + 1
        while excess > 0:
            last_leaves, order, first_leaves, bursts = places[0]
            if bursts <= excess:
                heapq.heappop(places)
                excess -= bursts
                self._taken -= bursts
                clock = max(clock, last_leaves)
            else:
                left = first_leaves + (last_leaves - first_leaves) * excess // bursts
                heapq.heapreplace(places, _Place(last_leaves, order, left, bursts - excess))
                self._taken -= excess
                excess = 0
                clock = max(clock, left)
        self._accepted = clock
        return clock

    def take(self, bursts: int, first_leaves: int, last_leaves: int) -> None:
        """The accepted chunk takes its places until then."""
        self._chunks += 1
        heapq.heappush(self._places, _Place(last_leaves, self._chunks, first_leaves, bursts))
        self._taken += bursts
