"""One DRAM channel burst by burst, with the queues of its controller (docs/timing-model.md, "DRAM, burst by burst")."""

from __future__ import annotations

import heapq
from collections import deque

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.address_map import Location
from accelsim.hw.dram.admission import Admission
from accelsim.hw.dram.queued_bank import NO_ROW, QueuedBank, Request, Run
from accelsim.hw.dram.timing import FOREVER, NEVER, Timing
from accelsim.units import ceil_div

#: Bursts of a row after which a conflict that is ready no longer waits for further hits.
ROW_HIT_LIMIT = 4


class QueuedChannel:
    """Every burst gets its slot on the bus; slots in which nothing else changes are counted, not stepped through.

    Banks whose row is open and whose next burst goes in the bus's direction are *active*: they take turns, a slot each.
    The end of a run, an open row, room in the queues and a refresh are events; `step` goes from one to the next. Pure
    arithmetic on whole clocks, no SimPy.
    """

    def __init__(self, preset: DramPreset) -> None:
        self._timing = timing = Timing.of(preset)
        self._window = timing.bank_queue_bursts
        self._interleaves_bank_groups = preset.interleaves_bank_groups
        per_group = preset.banks_per_group
        self.banks = [
            [QueuedBank(group * per_group + bank, group) for bank in range(per_group)]
            for group in range(preset.bank_groups)
        ]
        self._all_banks = [bank for group in self.banks for bank in group]
        self._admission = Admission(self._all_banks, timing.queue_bursts, self._window, self._put)
        self.now = 0
        self._active: list[QueuedBank] = []  # in the order of their turns
        self._last_served = 0  # index of the bank that had the last one
        self._in_group = [0] * preset.bank_groups  # active banks
        self._slot = 0
        self._other_way: list[QueuedBank] = []  # banks that wait for the bus to turn
        self._is_writing = False
        self._last_command = NEVER
        self._openings: list[tuple[int, int, QueuedBank]] = []  # a heap: when the row is open, a number, the bank
        self._activates = deque([NEVER] * 4, maxlen=4)
        self._next_refresh = timing.tREFI
        self.row_misses = self.row_conflicts = self.bursts = 0

    @property
    def arrivals(self) -> deque[Run]:
        """What was handed in and not accepted yet."""
        return self._admission.arrivals

    @property
    def row_hits(self) -> int:
        """Bursts that found their row open."""
        return self.bursts - self.row_misses - self.row_conflicts

    def submit(self, arrival: int, place: Location, bursts: int, is_write: bool, request: Request) -> None:
        """Hand in a chunk of a request that reaches the controller at `arrival`, all in one block of the address map.

        Chunks are accepted in the order of the calls.
        """
        groups = len(self.banks)
        if not self._interleaves_bank_groups:
            self._arrive(arrival, place, place.bank_group, bursts, is_write, request)
            return
        window = groups * self._window  # a part at a time, so that the groups arrive side by side as their bursts do
        for first in range(0, bursts, window):
            part = min(window, bursts - first)
            for step in range(min(groups, part)):
                share = (part - step + groups - 1) // groups
                self._arrive(arrival, place, (place.bank_group + step) % groups, share, is_write, request)

    def _arrive(self, arrival: int, place: Location, group: int, bursts: int, is_write: bool, request: Request) -> None:
        request.parts += 1
        bank = self.banks[group][place.bank]
        self._admission.arrivals.append(Run(arrival, bank, place.row, bursts, is_write, request))

    def step(self, until: int) -> bool:
        """Go on to the next event, or to about `until` if that is earlier; False when nothing is left to do."""
        admission = self._admission
        if self.now >= self._next_refresh:
            self._refresh()
        arrival = admission.accept(self.now)
        openings = self._openings
        while openings and openings[0][0] <= self.now:
            bank = heapq.heappop(openings)[2]
            bank.is_opening = False
            self._pick(bank)
        if self._active:
            opening = openings[0][0] if openings else FOREVER
            self._serve(min(until, self._next_refresh, arrival, opening))
        elif self._other_way:
            self._turn()
        elif openings or arrival < FOREVER:
            self.now = min(until, self._next_refresh, arrival, openings[0][0] if openings else FOREVER)
            return self.now < until
        else:
            return admission.change_when_idle()
        return True

    def _serve(self, boundary: int) -> None:
        """Let the active banks take turns until the first of them is through with its run, or until `boundary`."""
        active, slot = self._active, self._slot
        banks = len(active)
        rounds = min([bank.current.left for bank in active])  # type: ignore[union-attr]
        need = self._admission.leaving_before_change()
        if need > 0:
            window = self._window
            leaving = sum([bank.length > window for bank in active])
            if leaving and need < rounds * leaving:
                rounds = -(-need // leaving)
        start, extra = self.now, 0
        if start + rounds * banks * slot > boundary:
            slots = max(1, -(-(boundary - start) // slot))
            rounds, extra = divmod(slots, banks)
            end = start + slots * slot
            self.now = max(boundary, end - slot + self._joining_gap(boundary))
        else:
            self.now = end = start + rounds * banks * slot
        self._last_command = end - slot
        finished = self._advance(start, rounds, extra)
        if extra:
            active[:] = active[extra:] + active[:extra]
        self._last_served = active[-1].index
        for bank in finished:
            self._next_run(bank)

    def _joining_gap(self, boundary: int) -> int:
        """Clocks from the last burst to the next: less than a slot where a bank of another group joins."""
        openings = self._openings
        if openings and openings[0][0] <= boundary and not self._in_group[openings[0][2].group]:
            return min(self._slot, self._timing.tCCD_S)
        return self._slot

    def _advance(self, start: int, rounds: int, extra: int) -> list[QueuedBank]:
        """Serve `rounds` bursts of each active bank, one more of the first `extra`; banks whose run has ended."""
        timing, window, slot, active = self._timing, self._window, self._slot, self._active
        period, finished, beyond = slot * len(active), [], 0
        recovery = timing.write_to_precharge if self._is_writing else timing.tRTP
        for place, bank in enumerate(active):
            served = rounds + 1 if place < extra else rounds
            if not served:
                break
            run = bank.current
            assert run is not None
            run.left -= served
            length = bank.length
            bank.length = length - served
            if length > window:
                beyond += min(served, length - window)
            bank.row_bursts += served
            bank.precharge_from = start + place * slot + (served - 1) * period + recovery
            self.bursts += served
            if not run.left:
                finished.append(bank)
        self._admission.beyond -= beyond
        return finished

    def _next_run(self, bank: QueuedBank) -> None:
        """The bank's run has ended: tell its request, and go on with what comes next."""
        timing, run = self._timing, bank.current
        assert run is not None
        if self._is_writing:
            clock = bank.precharge_from - timing.write_to_precharge + timing.write_to_data_end
        else:
            clock = bank.precharge_from - timing.tRTP + timing.read_to_data_end
        request = run.request
        request.parts -= 1
        if clock > request.finished:
            request.finished = clock
        runs = bank.runs
        runs.remove(run)
        if runs and runs[0].row == run.row and runs[0].is_write == run.is_write:
            bank.current = runs[0]
            return
        bank.current = None
        self._active.remove(bank)
        self._in_group[bank.group] -= 1
        self._set_slot()
        self._pick(bank)

    def _put(self, run: Run) -> None:
        """A run moves on to its bank."""
        bank = run.bank
        beyond = bank.length + run.left - self._window
        if beyond > 0:
            self._admission.beyond += min(beyond, run.left)
        bank.length += run.left
        bank.runs.append(run)
        if bank.current is None and not bank.is_opening:
            self._pick(bank)

    def _pick(self, bank: QueuedBank) -> None:
        """What a bank that waits does next: serve a row hit, wait for the bus to turn, or open another row."""
        runs = bank.runs
        if not runs:
            return
        if bank.row != NO_ROW and (runs[0].row == bank.row or self._hits_go_first(bank)):
            left, hits_other_way = self._window, False
            for run in runs:
                if left <= 0:
                    break
                if run.row == bank.row:
                    if run.is_write == self._is_writing:
                        bank.current = run
                        self._join(bank)
                        return
                    hits_other_way = True
                left -= run.left
            if hits_other_way:
                if bank not in self._other_way:
                    self._other_way.append(bank)
                return
        self._open(bank, runs[0].row)

    def _join(self, bank: QueuedBank) -> None:
        """Let a bank take part, when its turn comes after the bank that had the last one."""
        active, banks = self._active, len(self._all_banks)
        turn = (bank.index - self._last_served - 1) % banks
        place = len(active)
        while place and (active[place - 1].index - self._last_served - 1) % banks > turn:
            place -= 1
        active.insert(place, bank)
        self._in_group[bank.group] += 1
        self._set_slot()

    def _hits_go_first(self, bank: QueuedBank) -> bool:
        """Whether hits overtake a conflict: unless the row has had enough, and a precharge fits between two turns."""
        return (
            bank.row_bursts < ROW_HIT_LIMIT or self._is_writing or self._slot * len(self._active) <= self._timing.tRTP
        )

    def _open(self, bank: QueuedBank, row: int) -> None:
        """Precharge if another row is open, and activate, as soon as the bank and the power for activates allow."""
        timing, activates = self._timing, self._activates
        if bank.row == NO_ROW:
            self.row_misses += 1
            clock = max(self.now, bank.precharge_from)
        else:
            self.row_conflicts += 1
            clock = max(self.now, bank.precharge_from, bank.activated + timing.tRAS) + timing.tRP
        clock = max(clock, activates[0] + timing.tFAW, activates[-1] + timing.tRRD_S)
        activates.append(clock)
        bank.row, bank.row_bursts, bank.activated, bank.is_opening = row, 0, clock, True
        heapq.heappush(self._openings, (clock + timing.tRCD, self.row_misses + self.row_conflicts, bank))

    def _set_slot(self) -> None:
        """Clocks from one burst to the next: the bus's, or more where active banks share a group."""
        timing, banks = self._timing, len(self._active)
        if banks == 1:
            self._slot = timing.tCCD_L
        elif banks:
            self._slot = max(timing.tCCD_S, ceil_div(max(self._in_group) * timing.tCCD_L, banks))

    def _turn(self) -> None:
        """Nothing is left to do in the bus's direction: it turns."""
        timing = self._timing
        self._is_writing = not self._is_writing
        gap = timing.read_to_write if self._is_writing else timing.write_to_read
        self.now = max(self.now, self._last_command + gap)
        banks, self._other_way = self._other_way, []
        for bank in banks:
            self._pick(bank)

    def _refresh(self) -> None:
        """All banks are closed and refreshed as soon as their last commands allow."""
        timing = self._timing
        closed = self._next_refresh
        for bank in self._all_banks:
            if bank.row != NO_ROW and bank.activated <= self._next_refresh:
                closed = max(closed, max(bank.precharge_from, bank.activated + timing.tRAS) + timing.tRP)
        self.now = max(self.now, closed + timing.tRFC)
        self._next_refresh += timing.tREFI
        self._active.clear()
        self._other_way.clear()
        self._openings.clear()
        self._in_group = [0] * len(self._in_group)
        for bank in self._all_banks:
            bank.close(self.now)
        first = self._last_served + 1
        for bank in self._all_banks[first:] + self._all_banks[:first]:
            self._pick(bank)
