"""The controller's queue for reads and its buffer for writes: what may go on to the banks, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from accelsim.hw.dram.bank import Run
from accelsim.hw.dram.timing import FOREVER, NEVER


class Admission:
    """`capacity` places for reads and as many for writes, filled in the order of arrival.

    Reads move on to their bank as soon as it has a place in its window, and writes are kept, until all places for
    them are taken (or there is nothing else to do). Then it is the other way round until as many writes have moved on
    as there are places: a drain. A chunk is taken as a whole once there is a place for its first burst; the next one
    waits until all of its bursts would have found one.

    Parameters: put sends a run to its bank, take_back returns what has found no place there.
    """

    def __init__(self, capacity: int, put: Callable[[Run], None], take_back: Callable[[], list[Run]]) -> None:
        #: Bursts that were sent to a bank and find no place in its window yet: they still have theirs here.
        self.beyond = 0
        #: `accept` has something to do again at this clock, or as soon as no more bursts than these are `beyond`.
        self.next_arrival, self.low_water = FOREVER, NEVER
        self._arrivals: deque[Run] = deque()
        self._capacity, self._put, self._take_back = capacity, put, take_back
        self._is_draining = self._is_full = False
        self._kept: deque[Run] = deque()
        self._kept_bursts = 0
        #: Writes that are sent and still have to move on before the drain ends; < 0: as many beyond it.
        self._to_move = 0

    def arrive(self, run: Run) -> None:
        """A run is the last in line."""
        if not self._arrivals:
            self.next_arrival = NEVER
        self._arrivals.append(run)

    def accept(self, clock: int) -> None:
        """Take what is here and has room, in order, and change the direction when it is time."""
        arrivals, capacity = self._arrivals, self._capacity
        had_to_wait, self._is_full = self._is_full, False
        self.next_arrival, self.low_water = FOREVER, NEVER
        while True:
            if self._is_draining and self.beyond <= self._to_move:
                self._end_drain()
            if not arrivals:
                break
            run = arrivals[0]
            goes_on = run.is_write == self._is_draining
            if (self.beyond if goes_on else self._kept_bursts) >= capacity and not run.follows:
                self._is_full = True
                if goes_on:
                    self.low_water = capacity - 1
                break
            if run.arrival > clock:
                self.next_arrival = run.arrival
                break
            arrivals.popleft()
            if run.request.accepted == NEVER:
                run.request.accepted = clock if had_to_wait else run.arrival
            if goes_on:
                self._send(run)
                continue
            self._kept.append(run)
            self._kept_bursts += run.left
            if run.is_write and self._kept_bursts >= capacity:
                self._start_drain()
        if self._is_draining and self._to_move > self.low_water:
            self.low_water = self._to_move

    def change_when_idle(self) -> bool:
        """Nothing is left in the direction of now: send what is kept of the other; False when there is nothing."""
        if not self._kept:
            return False
        if self._is_draining:
            self._turn()
        else:
            self._start_drain()
        self.next_arrival = NEVER
        return True

    def _start_drain(self) -> None:
        self._to_move = -self._capacity
        self._turn()

    def _end_drain(self) -> None:
        if self.beyond >= self._capacity:  # the buffer has filled again: the next drain
            self._to_move -= self._capacity
        else:
            self._turn()

    def _turn(self) -> None:
        """What has not moved on yet is kept, what was kept is sent."""
        self._is_draining = not self._is_draining
        back = self._take_back()
        sent, self._kept = self._kept, deque(back)
        self._kept_bursts = sum(run.left for run in back)
        self.beyond = 0
        for run in sent:
            self._send(run)

    def _send(self, run: Run) -> None:
        self._to_move += run.left
        self._put(run)
