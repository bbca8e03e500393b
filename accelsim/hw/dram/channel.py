"""One DRAM channel: its banks, its bus and the queues of its controller (docs/timing-model.md, "DRAM")."""

from __future__ import annotations

from collections import deque

from accelsim.config.dram import DramPreset
from accelsim.errors import SimulationError
from accelsim.hw.dram.address_map import Location
from accelsim.hw.dram.admission import Admission
from accelsim.hw.dram.bank import NO_ROW, Bank, Request, Run
from accelsim.hw.dram.data_bus import DataBus
from accelsim.hw.dram.timing import FOREVER, NEVER, Timing

#: Bursts of a row after which a conflict that is ready no longer waits for further hits.
ROW_HIT_LIMIT = 4


class DramChannel:
    """Every burst gets its slot on the bus, at a cost that grows with runs of bursts, not with bursts.

    The end of a run, an open row, room in the queues and a refresh are events; `advance` goes from one to the next.
    Pure arithmetic on whole clocks, no SimPy.
    """

    def __init__(self, preset: DramPreset) -> None:
        self._timing = timing = Timing.of(preset)
        groups, per_group = preset.bank_groups, preset.banks_per_group
        self._groups, self._banks_per_group = groups, per_group
        self._banks = [
            Bank(number, number // per_group, timing.bank_queue_bursts) for number in range(groups * per_group)
        ]
        self._bus = DataBus(timing, groups, per_group)
        self._admission = Admission(timing.queue_bursts, self._put, self._take_back)
        self._interleaves_bank_groups = preset.interleaves_bank_groups
        self._opening: deque[Bank] = deque()  # in the order in which their rows are open
        self._other_way: list[Bank] = []  # banks that wait for the bus to turn
        self._activates = deque([NEVER] * 4, maxlen=4)
        self._activated_in = [NEVER] * groups
        self._next_refresh = timing.tREFI
        self.row_misses = self.row_conflicts = 0
        #: Requests that are not served yet.
        self.requests = 0

    @property
    def now(self) -> int:
        """The clock that it has come to."""
        return self._bus.now

    @property
    def bursts(self) -> int:
        """Bursts that were served."""
        return self._bus.bursts

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
        request.arrival = arrival
        request.left += bursts
        request.is_write = is_write
        _, row, bank, first_group = place
        banks, per_group, arrive = self._banks, self._banks_per_group, self._admission.arrive
        if not self._interleaves_bank_groups:
            request.runs += 1
            arrive(Run(arrival, banks[first_group * per_group + bank], row, bursts, is_write, request))
            return
        groups = self._groups
        for step in range(groups if groups < bursts else bursts):
            share, group = (bursts - step + groups - 1) // groups, (first_group + step) % groups
            request.runs += 1
            arrive(Run(arrival, banks[group * per_group + bank], row, share, is_write, request, step > 0))

    def earliest_end(self, request: Request) -> int:
        """When the last data of a request have passed, or, if some of it is left, a clock before which they cannot."""
        if not request.left:
            return request.finished
        timing, bus = self._timing, self._bus
        data_end = timing.write_to_data_end if request.is_write else timing.read_to_data_end
        spacing = timing.tCCD_L if request.runs == 1 else timing.tCCD_S
        return max(bus.now, request.arrival) + (request.left - bus.turns_of(request) - 1) * spacing + data_end

    def advance(self, until: int = FOREVER, most_requests: int = 0) -> None:
        """Go on to about a clock, or until at most so many requests are not served. SimulationError if one never is."""
        admission, bus, opening = self._admission, self._bus, self._opening
        now, horizon = bus.now, min(until, self._next_refresh)
        while self.requests > most_requests and now < until:
            if now >= horizon:
                self._refresh()
                now, horizon = bus.now, min(until, self._next_refresh)
            if admission.next_arrival <= now or admission.beyond <= admission.low_water:
                admission.accept(now)
            while opening and opening[0].opens_at <= now:
                self._opened(opening.popleft())
            following = opening[0] if opening else None
            boundary = horizon
            if following is not None and following.opens_at < boundary:
                boundary = following.opens_at
            if admission.next_arrival < boundary:
                boundary = admission.next_arrival
            if bus.active:
                moved, ended = bus.serve(boundary, admission.beyond - admission.low_water, following)
                admission.beyond -= moved
                if ended is not None:
                    self._end_run(ended)
            elif self._other_way:
                self._turn()
            elif following is not None or not admission.change_when_idle():
                if following is None and admission.next_arrival == FOREVER:
                    raise SimulationError(f"DRAM channel: {self.requests} requests wait, and nothing is left to do")
                bus.now = boundary
            now = bus.now

    def _end_run(self, bank: Bank) -> None:
        """The bank's run has ended: tell its request, and go on with what comes next."""
        run, runs = bank.current, bank.runs
        assert run is not None
        bank.settle()
        request, data_end = run.request, bank.precharge_from + self._bus.recovered_to_data_end
        if not request.left:
            self.requests -= 1
        request.runs -= 1
        if data_end > request.finished:
            request.finished = data_end
        runs.remove(run)
        following = runs[0] if runs else None
        if following is not None and following.row == run.row and following.is_write == run.is_write:
            bank.start(following)
            return
        bank.current = None
        self._bus.leave(bank)
        if following is not None:
            self._pick(bank)

    def _put(self, run: Run) -> None:
        """A run moves on to its bank."""
        bank = run.bank
        self._admission.beyond += bank.put(run)
        if bank.current is None and not bank.is_opening:
            self._pick(bank)

    def _take_back(self) -> list[Run]:
        """Take the runs out of the banks' queues that have found no place there."""
        return [run for bank in self._banks for run in bank.cut()]

    def _opened(self, bank: Bank) -> None:
        """The row of a bank is open: its turn is the next."""
        bank.is_opening = False
        run = bank.runs[0]
        if run.is_write == self._bus.is_writing and run.row == bank.row:  # nearly always; `_pick` would find it, too
            bank.start(run)
            self._bus.join(bank, is_next=True)
        else:
            self._bus.go_on_with(bank.number)
            self._pick(bank)

    def _pick(self, bank: Bank) -> None:
        """What a bank that waits does next: serve a row hit, wait for the bus to turn, or open another row."""
        runs, row = bank.runs, bank.row
        if row != NO_ROW and (runs[0].row == row or (len(runs) > 1 and self._hits_go_first(bank))):
            left, hits_other_way = bank.window, False
            for run in runs:
                if left <= 0:
                    break
                if run.row == row:
                    if run.is_write == self._bus.is_writing:
                        bank.start(run)
                        self._bus.join(bank)
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
        return bank.row_bursts < ROW_HIT_LIMIT or self._bus.is_writing or self._bus.round_clocks <= self._timing.tRTP

    def _open(self, bank: Bank, row: int) -> None:
        """Precharge if another row is open, and activate, as soon as the bank and the power for activates allow."""
        timing, activates = self._timing, self._activates
        clock = bank.precharge_from
        if clock < self._bus.now:
            clock = self._bus.now
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
        self._activated_in[bank.group] = bank.activated = clock
        bank.row, bank.row_bursts, bank.is_opening, bank.opens_at = row, 0, True, clock + timing.tRCD
        self._opening.append(bank)

    def _turn(self) -> None:
        """Nothing is left to do in the bus's direction: it turns."""
        self._bus.turn_around()
        banks, self._other_way = self._other_way, []
        for bank in banks:
            if not bank.is_opening:  # for a conflict that came after the bank had begun to wait
                self._pick(bank)

    def _refresh(self) -> None:
        """All banks are closed and refreshed as soon as their last commands allow."""
        timing, closed = self._timing, self._next_refresh
        self._bus.clear()
        opened = [bank for bank in self._banks if bank.row != NO_ROW]
        for bank in opened:
            if bank.activated <= self._next_refresh:
                closed = max(closed, max(bank.precharge_from, bank.activated + timing.tRAS) + timing.tRP)
        self._bus.now = max(self.now, closed + timing.tRFC)
        self._next_refresh += timing.tREFI
        self._other_way.clear()
        self._opening.clear()
        for bank in opened:
            bank.close(self.now)
        first = self._bus.last + 1
        for bank in self._banks[first:] + self._banks[:first]:
            if bank.runs:
                self._pick(bank)
