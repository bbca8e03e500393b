"""The controller's transaction queue: which chunk is far enough to be worked on beside the ones before it."""

from __future__ import annotations

import heapq

#: Places that a chunk's bursts take: when the last burst leaves, the chunk's number, when the first leaves, the bursts.
_Places = tuple[int, int, int, int]


class TransactionQueue:
    """`capacity` places for bursts. A burst is accepted when there is a place, in order, and gives it back when it
    moves on into the queue of its bank; between the first and the last burst of a chunk that happens evenly.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._places: list[_Places] = []  # a heap
        self._taken = 0
        self._accepted = 0
        self._chunks = 0

    def accept(self, arrival: int) -> int:
        """When there is a place for the first burst of a chunk that arrives now, after all the earlier ones."""
        places = self._places
        clock = arrival if arrival > self._accepted else self._accepted
        while places and places[0][0] <= clock:
            self._taken -= heapq.heappop(places)[3]
        excess = self._taken - self._capacity + 1
        while excess > 0:
            last_leaves, number, first_leaves, bursts = places[0]
            if bursts <= excess:
                heapq.heappop(places)
                clock, leaving = last_leaves, bursts
            else:
                clock = max(clock, first_leaves + (last_leaves - first_leaves) * excess // bursts)
                heapq.heapreplace(places, (last_leaves, number, clock, bursts - excess))
                leaving = excess
            self._taken -= leaving
            excess -= leaving
        self._accepted = clock
        return clock

    def take(self, bursts: int, first_leaves: int, last_leaves: int) -> None:
        """The accepted chunk takes its places until then."""
        self._chunks += 1
        heapq.heappush(self._places, (last_leaves, self._chunks, first_leaves, bursts))
        self._taken += bursts
