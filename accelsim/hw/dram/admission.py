"""The controller's queue for reads and its buffer for writes: what may go on to the banks, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from accelsim.hw.dram.bank import Bank, Run
from accelsim.hw.dram.timing import FOREVER, NEVER


class Admission:
    """`capacity` places for reads and as many for writes, filled in the order of arrival.

    Reads move on to their bank as soon as it has one of its `window` places, and writes are kept, until all places for
    them are taken (or there is nothing else to do). Then it is the other way round until as many writes have moved on
    as there are places: a drain. A run is taken as a whole once there is a place for its first burst; the next one
    waits until all of them would have found one.
    """

    def __init__(
        self, groups: Sequence[Sequence[Bank]], capacity: int, window: int, put: Callable[[Run], None]
    ) -> None:
        self.arrivals: deque[Run] = deque()
        #: Bursts that were sent to a bank and find no place in its window yet: they still have theirs here.
        self.beyond = 0
        self._banks = [bank for group in groups for bank in group]
        self._capacity, self._window, self._put = capacity, window, put
        self._is_draining = False
        self._kept: deque[Run] = deque()
        self._kept_bursts = 0
        #: Writes that are sent and still have to move on before the drain ends; < 0: as many beyond it.
        self._to_move = 0

    def accept(self, clock: int) -> int:
        """Take what is here and has room, in order, and change the direction when it is time.

        Returns when the next run is here if that alone keeps it waiting, else FOREVER.
        """
        arrivals, capacity = self.arrivals, self._capacity
        while True:
            if self._is_draining and self.beyond <= self._to_move:
                self._end_drain()
            if not arrivals:
                return FOREVER
            run = arrivals[0]
            goes_on = run.is_write == self._is_draining
            if (self.beyond if goes_on else self._kept_bursts) >= capacity:
                return FOREVER
            if run.arrival > clock:
                return run.arrival
            arrivals.popleft()
            if run.request.accepted == NEVER:
                run.request.accepted = clock
            if goes_on:
                self._send(run)
                continue
            self._kept.append(run)
            self._kept_bursts += run.left
            if run.is_write and self._kept_bursts >= self._capacity:
                self._start_drain()

    def leaving_before_change(self) -> int:
        """How many bursts may leave `beyond` until `accept` has something to do; 0 or less: none has to."""
        blocked = self.arrivals and self.arrivals[0].is_write == self._is_draining
        room = self.beyond - self._capacity + 1 if blocked else 0
        if not self._is_draining:
            return room
        drained = self.beyond - self._to_move
        return min(room, drained) if room > 0 else drained

    def change_when_idle(self) -> bool:
        """Nothing is left in the direction of now: send what is kept of the other; False when there is nothing."""
        if not self._kept:
            return False
        if self._is_draining:
            self._turn()
        else:
            self._start_drain()
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
        back = [run for bank in self._banks for run in bank.cut(self._window)]
        sent, self._kept = self._kept, deque(back)
        self._kept_bursts = sum(run.left for run in back)
        self.beyond = 0
        for run in sent:
            self._send(run)

    def _send(self, run: Run) -> None:
        self._to_move += run.left
        self._put(run)
