"""One DRAM channel: its banks, its bus and the queues of its controller (docs/timing-model.md, "DRAM")."""

from __future__ import annotations

import heapq
from collections import deque

from accelsim.config.dram import DramPreset
from accelsim.errors import SimulationError
from accelsim.hw.dram.address_map import Location
from accelsim.hw.dram.admission import Admission
from accelsim.hw.dram.bank import NO_ROW, Bank, Request, Run
from accelsim.hw.dram.bus_turns import BusTurns
from accelsim.hw.dram.timing import FOREVER, NEVER, Timing

#: Bursts of a row after which a conflict that is ready no longer waits for further hits.
ROW_HIT_LIMIT = 4


class DramChannel(BusTurns):
    """Every burst gets its slot on the bus, at a cost that grows with runs of bursts, not with bursts.

    The end of a run, an open row, room in the queues and a refresh are events; `advance` goes from one to the next.
    Pure arithmetic on whole clocks, no SimPy.
    """

    def __init__(self, preset: DramPreset) -> None:
        timing, per_group = Timing.of(preset), preset.banks_per_group
        self.banks = [
            [Bank(group * per_group + bank, group) for bank in range(per_group)] for group in range(preset.bank_groups)
        ]
        admission = Admission(self.banks, timing.queue_bursts, timing.bank_queue_bursts, self._put)
        super().__init__(timing, self.banks, admission)
        self._interleaves_bank_groups = preset.interleaves_bank_groups
        self._other_way: list[Bank] = []  # banks that wait for the bus to turn
        self._activates = deque([NEVER] * 4, maxlen=4)
        self._activated_in = [NEVER] * preset.bank_groups
        self._next_refresh = timing.tREFI
        self.row_misses = self.row_conflicts = 0

    @property
    def row_hits(self) -> int:
        """Bursts that found their row open."""
        return self.bursts - self.row_misses - self.row_conflicts

    def submit(self, arrival: int, place: Location, bursts: int, is_write: bool, request: Request) -> None:
        """Hand in a chunk of a request that reaches the controller at `arrival`, all in one block of the address map.

        Chunks are accepted in the order of the calls.
        """
        if not request.left:
            self.requests += 1
        request.left += bursts
        request.is_write = is_write
        _, row, bank, first_group = place
        banks, arrivals = self.banks, self._admission.arrivals
        if not self._interleaves_bank_groups:
            request.runs += 1
            arrivals.append(Run(arrival, banks[first_group][bank], row, bursts, is_write, request))
            return
        groups = len(banks)
        window = groups * self._window  # a part at a time, so that the groups arrive side by side as their bursts do
        for first in range(0, bursts, window):
            part = bursts - first if bursts - first < window else window
            for step in range(groups if groups < part else part):
                share, group = (part - step + groups - 1) // groups, (first_group + step) % groups
                request.runs += 1
                arrivals.append(Run(arrival, banks[group][bank], row, share, is_write, request))

    def earliest_end(self, request: Request) -> int:
        """When the last data of a request have passed, or, if some of it is left, a clock before which they cannot."""
        if not request.left:
            return request.finished
        timing = self._timing
        data_end = timing.write_to_data_end if request.is_write else timing.read_to_data_end
        spacing = timing.tCCD_L if request.runs == 1 else timing.tCCD_S
        return self.now + (request.left - 1) * spacing + data_end

    def advance(self, until: int = FOREVER, most_requests: int = 0) -> None:
        """Go on to about a clock, or until at most so many requests are not served. SimulationError if one never is."""
        admission, openings, active = self._admission, self._openings, self._active
        while self.requests > most_requests and self.now < until:
            if self.now >= self._next_refresh:
                self._refresh()
            arrival = admission.accept(self.now)
            while openings and openings[0][0] <= self.now:
                bank = heapq.heappop(openings)[2]
                bank.is_opening = False
                self._last_served = bank.index - 1  # its turn is the next
                self._pick(bank)
            boundary = openings[0][0] if openings else FOREVER
            if boundary > arrival:
                boundary = arrival
            if active:
                if boundary > until:
                    boundary = until
                if boundary > self._next_refresh:
                    boundary = self._next_refresh
                if len(active) == 1:
                    self._serve_alone(active[0], boundary)
                else:
                    self._serve(boundary)
            elif self._other_way:
                self._turn()
            elif boundary < FOREVER:
                self.now = min(until, self._next_refresh, boundary)
            elif not admission.change_when_idle():
                raise SimulationError(f"DRAM channel: {self.requests} requests wait, and nothing is left to do")

    def _next_run(self, bank: Bank) -> None:
        """The bank's run has ended: tell its request, and go on with what comes next."""
        run, runs = bank.current, bank.runs
        assert run is not None
        request, data_end = run.request, bank.precharge_from + self._recovered_to_data_end
        request.runs -= 1
        if data_end > request.finished:
            request.finished = data_end
        runs.remove(run)
        if runs and runs[0].row == run.row and runs[0].is_write == run.is_write:
            bank.current = runs[0]
            return
        self._leave(bank)
        if runs:
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

    def _pick(self, bank: Bank) -> None:
        """What a bank that waits does next: serve a row hit, wait for the bus to turn, or open another row."""
        runs, row = bank.runs, bank.row
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

    def _hits_go_first(self, bank: Bank) -> bool:
        """Whether hits overtake a conflict: unless the row has had enough, and a precharge fits between two turns."""
        return (
            bank.row_bursts < ROW_HIT_LIMIT or self._is_writing or self._slot * len(self._active) <= self._timing.tRTP
        )

    def _open(self, bank: Bank, row: int) -> None:
        """Precharge if another row is open, and activate, as soon as the bank and the power for activates allow."""
        timing, activates = self._timing, self._activates
        clock = self.now if self.now > bank.precharge_from else bank.precharge_from
        if bank.row == NO_ROW:
            self.row_misses += 1
        else:
            self.row_conflicts += 1
            may_precharge = bank.activated + timing.tRAS
            clock = (clock if clock > may_precharge else may_precharge) + timing.tRP
        clock = max(
            clock,
            activates[0] + timing.tFAW,
            activates[-1] + timing.tRRD_S,
            self._activated_in[bank.group] + timing.tRRD_L,
        )
        activates.append(clock)
        self._activated_in[bank.group] = clock
        bank.row, bank.row_bursts, bank.activated, bank.is_opening = row, 0, clock, True
        heapq.heappush(self._openings, (clock + timing.tRCD, self.row_misses + self.row_conflicts, bank))

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
        timing, closed = self._timing, self._next_refresh
        opened = [bank for bank in self._all_banks if bank.row != NO_ROW]
        for bank in opened:
            if bank.activated <= self._next_refresh:
                closed = max(closed, max(bank.precharge_from, bank.activated + timing.tRAS) + timing.tRP)
        self.now = max(self.now, closed + timing.tRFC)
        self._next_refresh += timing.tREFI
        self._active.clear()
        self._other_way.clear()
        self._openings.clear()
        self._in_group = [0] * len(self._in_group)
        for bank in opened:
            bank.close(self.now)
        first = self._last_served + 1
        for bank in self._all_banks[first:] + self._all_banks[:first]:
            if bank.runs:
                self._pick(bank)
