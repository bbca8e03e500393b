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
        self._slots = _slots(len(self._all_banks), preset.banks_per_group, timing)
        self._slot = 0
        self._other_way: list[QueuedBank] = []  # banks that wait for the bus to turn
        self._last_command = NEVER
        self._set_direction(is_writing=False)
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
            boundary = openings[0][0] if openings else until
            if boundary > until:
                boundary = until
            if boundary > arrival:
                boundary = arrival
            self._serve(boundary if boundary < self._next_refresh else self._next_refresh)
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
        active, slot, start = self._active, self._slot, self.now
        banks, rounds, extra = len(active), self._rounds(), 0
        end = start + rounds * banks * slot
        if end > boundary:
            slots = -(-(boundary - start) // slot) if boundary > start else 1
            rounds, extra = divmod(slots, banks)
            end = start + slots * slot
            joined = end - slot + self._joining_gap(boundary)
            self.now = joined if joined > boundary else boundary
        else:
            self.now = end
        self._last_command = end - slot
        self.bursts += rounds * banks + extra
        finished = self._advance(rounds, extra, start + self._recovery)
        if extra:
            active[:] = active[extra:] + active[:extra]
        self._last_served = active[-1].index
        for bank in finished:
            self._next_run(bank)

    def _rounds(self) -> int:
        """Turns of every active bank until the first run ends, or until the queue has something to do."""
        window, rounds, leaving = self._window, FOREVER, 0
        for bank in self._active:
            left = bank.current.left  # type: ignore[union-attr]
            if left < rounds:
                rounds = left
            if bank.length > window:
                leaving += 1
        if leaving:
            need = self._admission.leaving_before_change()
            if 0 < need < rounds * leaving:
                return -(-need // leaving)
        return rounds

    def _joining_gap(self, boundary: int) -> int:
        """Clocks from the last burst to the next: less than a slot where a bank of another group joins."""
        openings = self._openings
        if openings and openings[0][0] <= boundary and not self._in_group[openings[0][2].group]:
            return min(self._slot, self._timing.tCCD_S)
        return self._slot

    def _advance(self, rounds: int, extra: int, recovered: int) -> list[QueuedBank]:
        """Serve `rounds` bursts of each active bank, one more of the first `extra`; banks whose run has ended.

        A row served now could be precharged at `recovered`.
        """
        window, slot, active = self._window, self._slot, self._active
        period, finished, beyond = slot * len(active), [], 0
        served = rounds + 1 if extra else rounds
        recovered += (served - 1) * period
        for bank in active:
            run, length = bank.current, bank.length
            run.left -= served  # type: ignore[union-attr]
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

    def _next_run(self, bank: QueuedBank) -> None:
        """The bank's run has ended: tell its request, and go on with what comes next."""
        run, runs = bank.current, bank.runs
        assert run is not None
        request, data_end = run.request, bank.precharge_from + self._recovered_to_data_end
        request.parts -= 1
        if data_end > request.finished:
            request.finished = data_end
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
        runs, row = bank.runs, bank.row
        if not runs:
            return
        if row != NO_ROW and (runs[0].row == row or self._hits_go_first(bank)):
            left, hits_other_way = self._window, False
            for run in runs:
                if left <= 0:
                    break
                if run.row == row:
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
        active, banks, first = self._active, len(self._all_banks), self._last_served + 1
        turn, place = (bank.index - first) % banks, len(active)
        while place and (active[place - 1].index - first) % banks > turn:
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
        clock = self.now if self.now > bank.precharge_from else bank.precharge_from
        if bank.row == NO_ROW:
            self.row_misses += 1
        else:
            self.row_conflicts += 1
            may_precharge = bank.activated + timing.tRAS
            clock = (clock if clock > may_precharge else may_precharge) + timing.tRP
        powered = activates[0] + timing.tFAW
        apart = activates[-1] + timing.tRRD_S
        if powered < apart:
            powered = apart
        if clock < powered:
            clock = powered
        activates.append(clock)
        bank.row, bank.row_bursts, bank.activated, bank.is_opening = row, 0, clock, True
        heapq.heappush(self._openings, (clock + timing.tRCD, self.row_misses + self.row_conflicts, bank))

    def _set_slot(self) -> None:
        """Clocks from one burst to the next: the bus's, or more where active banks share a group."""
        self._slot = self._slots[len(self._active)][max(self._in_group)]

    def _set_direction(self, is_writing: bool) -> None:
        """The direction of the bus, and from a command in it to a precharge, and from there to the end of its data."""
        timing, self._is_writing = self._timing, is_writing
        self._recovery = timing.write_to_precharge if is_writing else timing.tRTP
        data_end = timing.write_to_data_end if is_writing else timing.read_to_data_end
        self._recovered_to_data_end = data_end - self._recovery

    def _turn(self) -> None:
        """Nothing is left to do in the bus's direction: it turns."""
        timing = self._timing
        self._set_direction(not self._is_writing)
        gap = timing.read_to_write if self._is_writing else timing.write_to_read
        self.now = max(self.now, self._last_command + gap)
        banks, self._other_way = self._other_way, []
        for bank in banks:
            if not bank.is_opening:  # for a conflict that came after the bank had begun to wait
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
