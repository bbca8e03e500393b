"""One bank: which row is open, since when, and which chunks it has been given."""

from __future__ import annotations

from collections import deque

from accelsim.hw.dram.timing import NEVER, SharedServer, Timing
from accelsim.units import ceil_div

NO_ROW = -1

#: Bursts between two clocks, taken as evenly spread: first clock, last clock, bursts, whether they write.
Stream = tuple[int, int, int, bool]


class Bank:
    """A bank of `group`, with the queue that the controller keeps for it.

    Comparisons that run for every chunk are written out: a call of `max` costs as much as the rest of its line.
    While a row conflict waits for its activate, row hits for the row before it still go first, until the row has
    served as many bursts as the bank's queue holds: `overtake` says so.
    """

    def __init__(self, group: int, timing: Timing) -> None:
        self.group = group
        #: Activates of a closed bank, and of one that had another row open.
        self.row_misses = self.row_conflicts = 0
        #: When the row may be closed, after the read or write recovery of its last chunk.
        self.precharge_from = NEVER
        self._timing = timing
        self._refresh_period = 0
        self._row, self._row_bursts = NO_ROW, 0
        self._activated = NEVER
        self._overtaken_row, self._overtaken_bursts = NO_ROW, 0
        self._overtaken_until = self._overtaken_free = NEVER
        self._recent: deque[tuple[int, int, int]] = deque(maxlen=timing.bank_queue_bursts)

    def overtakes(self, row: int, bursts: int, accepted: int) -> bool:
        """Whether a chunk goes before the row conflict that was given to the bank last."""
        self._refresh(accepted)
        if row != self._overtaken_row or row == self._row or accepted > self._overtaken_until:
            return False
        return self._overtaken_bursts + bursts <= self._timing.bank_queue_bursts

    def overtake(self, bursts: int, accepted: int) -> int:
        """Let such a chunk go first: when its column commands may begin."""
        self._overtaken_bursts += bursts
        return max(accepted, self._overtaken_free)

    def postpone(self, clocks: int) -> None:
        """The overtaken row conflict waits for so much longer."""
        self._activated += clocks
        self.precharge_from += clocks
        self._overtaken_until += clocks
        self._overtaken_free += clocks

    def open(self, row: int, bursts: int, accepted: int, activates: SharedServer) -> int:
        """When column commands to the row may begin; activates it first unless it is open."""
        self._refresh(accepted)
        timing = self._timing
        if row == self._row:
            self._row_bursts += bursts
            ready = self._activated + timing.tRCD
            return ready if ready > accepted else accepted
        if self._row == NO_ROW:
            self.row_misses += 1
            self._overtaken_row = NO_ROW
            may_activate = self._activated + timing.tRAS + timing.tRP
        else:
            self.row_conflicts += 1
            may_precharge = max(accepted, self.precharge_from, self._activated + timing.tRAS)
            self._overtaken_row, self._overtaken_bursts = self._row, self._row_bursts
            self._overtaken_until, self._overtaken_free = may_precharge, self.precharge_from - timing.tRTP
            may_activate = may_precharge + timing.tRP
        power = timing.quarter_clocks_per_activate
        powered = ceil_div(activates.add(4 * accepted, power) - power, 4)
        if may_activate < accepted:
            may_activate = accepted
        self._row, self._row_bursts = row, bursts
        self._activated = powered if powered > may_activate else may_activate
        return self._activated + timing.tRCD

    def enqueue(self, start: int, finish: int, bursts: int, accepted: int) -> int:
        """Note bursts as served in a span; when the first of them finds a place in the bank's queue.

        That is when the burst that is a queue's length before it has been served, and not before `accepted`.
        """
        needed, first_enters = self._timing.bank_queue_bursts, accepted
        for earlier_start, earlier_finish, earlier_bursts in reversed(self._recent):
            if earlier_bursts >= needed:
                served = (earlier_finish - earlier_start) * (earlier_bursts - needed + 1) // earlier_bursts
                if earlier_start + served > accepted:
                    first_enters = earlier_start + served
                break
            needed -= earlier_bursts
        self._recent.append((start, finish, bursts))
        return first_enters

    def _refresh(self, accepted: int) -> None:
        """Close the row if a refresh has come since the last chunk."""
        period = accepted // self._timing.clocks_between_refreshes
        if period != self._refresh_period:
            self._refresh_period = period
            self._row = self._overtaken_row = NO_ROW
