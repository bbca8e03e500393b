"""The banks of a channel that take turns on its data bus (docs/timing-model.md, "DRAM", rules 3 and 4)."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from operator import attrgetter

from accelsim.hw.dram.admission import Admission
from accelsim.hw.dram.bank import Bank
from accelsim.hw.dram.timing import NEVER, Timing
from accelsim.units import ceil_div

_index = attrgetter("index")


class BusTurns:
    """Banks whose row is open and whose next burst goes in the bus's direction are *active*: they take turns.

    Each has a slot; slots in which nothing else changes are counted, not stepped through.
    """

    def __init__(self, timing: Timing, groups: Sequence[Sequence[Bank]], admission: Admission) -> None:
        self.now = self.bursts = 0
        #: Requests that are not served yet.
        self.requests = 0
        self._timing, self._admission, self._window = timing, admission, timing.bank_queue_bursts
        self._all_banks = [bank for group in groups for bank in group]
        self._active: list[Bank] = []  # in the order of their numbers
        self._in_group = [0] * len(groups)  # active banks
        self._slots = _slots(len(self._all_banks), len(groups[0]), timing)
        self._slot = 0
        self._last_served = 0  # the next turn is that of the first active bank above this index, or of the first of all
        self._last_command = NEVER
        self._openings: list[tuple[int, int, Bank]] = []  # a heap: when the row is open, a number, the bank
        self._set_direction(is_writing=False)

    def _serve(self, boundary: int) -> None:
        """Let the active banks take turns until the first of them is through with its run, or until `boundary`."""
        active, slot, start = self._active, self._slot, self.now
        banks, first = len(active), bisect_right(active, self._last_served, key=_index)
        if 0 < first < banks:
            active = active[first:] + active[:first]
        slots = -(-(boundary - start) // slot) if boundary > start else 1
        if slots > banks:
            most = self._slots_to_event(active)
            if slots > most:
                slots = most
        rounds, extra = divmod(slots, banks)
        end = start + slots * slot
        if end >= boundary:
            joined = end - slot + self._joining_gap(boundary)
            self.now = joined if joined > boundary else boundary
        else:
            self.now = end
        self._last_command = end - slot
        self.bursts += slots
        finished = self._advance(active, rounds, extra, start + self._recovery)
        self._last_served = active[extra - 1].index
        for bank in finished:
            self._next_run(bank)

    def _serve_alone(self, bank: Bank, boundary: int) -> None:
        """The same for a single bank, written out: in long runs more than half of the steps are its."""
        run, start, slot, length = bank.current, self.now, self._slot, bank.length
        assert run is not None
        bursts, beyond = run.left, length - self._window
        if beyond > 0:
            need = self._admission.leaving_before_change()
            if 0 < need < bursts:
                bursts = need
        end = start + bursts * slot
        if end > boundary:
            bursts = -(-(boundary - start) // slot) if boundary > start else 1
            end = start + bursts * slot
            joined = end - slot + self._joining_gap(boundary)
            self.now = joined if joined > boundary else boundary
        else:
            self.now = end
        self._last_command = end - slot
        self._last_served = bank.index
        self.bursts += bursts
        run.left -= bursts
        request = run.request
        request.left -= bursts
        if not request.left:
            self.requests -= 1
        bank.length = length - bursts
        bank.row_bursts += bursts
        bank.precharge_from = end - slot + self._recovery
        if beyond > 0:
            self._admission.beyond -= bursts if bursts < beyond else beyond
        if not run.left:
            self._next_run(bank)

    def _slots_to_event(self, active: list[Bank]) -> int:
        """Slots until the first run ends, or until the queue has something to do; banks in the order of their turns."""
        window, leaving = self._window, 0
        lefts = []
        for bank in active:
            lefts.append(bank.current.left)  # type: ignore[union-attr]
            if bank.length > window:
                leaving += 1
        shortest = min(lefts)
        slots = (shortest - 1) * len(lefts) + lefts.index(shortest) + 1
        if leaving:
            need = self._admission.leaving_before_change()
            if need > 0:
                return min(slots, -(-need // leaving) * len(active))
        return slots

    def _joining_gap(self, boundary: int) -> int:
        """Clocks from the last burst to the next: less than a slot where a bank of another group joins."""
        openings = self._openings
        if openings and openings[0][0] <= boundary and not self._in_group[openings[0][2].group]:
            return min(self._slot, self._timing.tCCD_S)
        return self._slot

    def _advance(self, active: list[Bank], rounds: int, extra: int, recovered: int) -> list[Bank]:
        """Serve `rounds` bursts of each bank, in order, one more of the first `extra`; banks whose run has ended.

        A row served now could be precharged at `recovered`.
        """
        window, slot = self._window, self._slot
        period, finished, beyond = slot * len(active), [], 0
        served = rounds + 1 if extra else rounds
        recovered += (served - 1) * period
        for bank in active:
            run, length = bank.current, bank.length
            run.left -= served  # type: ignore[union-attr]
            request = run.request  # type: ignore[union-attr]
            request.left -= served
            if not request.left:
                self.requests -= 1
            bank.length = length - served
            if length > window:
                beyond += served if length - served > window else length - window
            bank.row_bursts += served
            bank.precharge_from = recovered
            if not run.left:  # type: ignore[union-attr]
                finished.append(bank)
            recovered += slot
            if extra:
                extra -= 1
                if not extra:
                    if not rounds:
                        break
                    served = rounds
                    recovered -= period
        self._admission.beyond -= beyond
        return finished

    def _join(self, bank: Bank) -> None:
        """Let a bank take part."""
        insort(self._active, bank, key=_index)
        self._in_group[bank.group] += 1
        self._set_slot()

    def _leave(self, bank: Bank) -> None:
        bank.current = None
        self._active.remove(bank)
        self._in_group[bank.group] -= 1
        self._set_slot()

    def _next_run(self, bank: Bank) -> None:
        """The bank's run has ended."""
        raise NotImplementedError

    def _set_slot(self) -> None:
        """Clocks from one burst to the next: the bus's, or more where active banks share a group."""
        self._slot = self._slots[len(self._active)][max(self._in_group)]

    def _set_direction(self, is_writing: bool) -> None:
        """The direction of the bus, and from a command in it to a precharge, and from there to the end of its data."""
        timing, self._is_writing = self._timing, is_writing
        self._recovery = timing.write_to_precharge if is_writing else timing.tRTP
        data_end = timing.write_to_data_end if is_writing else timing.read_to_data_end
        self._recovered_to_data_end = data_end - self._recovery


def _slots(banks: int, banks_per_group: int, timing: Timing) -> list[list[int]]:
    """Clocks from one burst to the next, by the active banks and by those of them that share a group, at most.

    The bus's, or more where banks share a group; a bank that is alone has nobody to take turns with.
    """
    alone, bus = timing.tCCD_L, timing.tCCD_S
    shared = range(banks_per_group + 1)
    return [
        [alone if active <= 1 else max(bus, ceil_div(sharing * alone, active)) for sharing in shared]
        for active in range(banks + 1)
    ]
