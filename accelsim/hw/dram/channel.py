"""How long one DRAM channel takes for a chunk of consecutive bursts, in closed form (docs/timing-model.md, "DRAM")."""

from __future__ import annotations

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.address_map import Location
from accelsim.hw.dram.bank import Bank, Stream
from accelsim.hw.dram.queue import TransactionQueue
from accelsim.hw.dram.timing import SharedServer, Timing
from accelsim.units import ceil_div


class DramChannel:
    """The banks of a channel, what they share, and the controller's queue. Pure arithmetic on whole clocks, no SimPy.

    Chunks are scheduled in the order of the calls, each in a bounded number of operations, however many bursts it has;
    where a real controller would let a later one run beside or before an earlier one, the later one is given the time
    that this leaves. Shared are the data bus (a burst per tCCD_S), each bank group (a burst per tCCD_L) and the power
    for activates (four per tFAW). Inside, clocks leave refreshes out; `serve` takes and gives real ones.
    """

    def __init__(self, preset: DramPreset) -> None:
        self._timing = timing = Timing.of(preset)
        self._banks = [
            [Bank(group, timing) for _ in range(preset.banks_per_group)] for group in range(preset.bank_groups)
        ]
        self._interleaves_bank_groups = preset.interleaves_bank_groups
        self._queue = TransactionQueue(timing.queue_bursts)
        self._bus = SharedServer()
        self._groups = [SharedServer() for _ in range(preset.bank_groups)]
        self._activates = SharedServer()  # in quarters of a clock
        self._streams: list[Stream] = []
        self._last_is_write = False
        #: Bursts served.
        self.bursts = 0

    @property
    def row_misses(self) -> int:
        """Bursts that found their bank closed."""
        return sum(bank.row_misses for group in self._banks for bank in group)

    @property
    def row_conflicts(self) -> int:
        """Bursts that found another row open."""
        return sum(bank.row_conflicts for group in self._banks for bank in group)

    @property
    def row_hits(self) -> int:
        """Bursts that found their row open."""
        return self.bursts - self.row_misses - self.row_conflicts

    def serve(self, arrival: int, place: Location, bursts: int, is_write: bool) -> int:
        """Clock at which the last data of a chunk have passed, for a chunk that reaches the controller at `arrival`.

        Arrivals do not decrease from call to call. The chunk lies in one block of the address map.
        """
        timing = self._timing
        accepted = self._queue.accept(timing.without_refreshes(arrival))
        others = [stream for stream in self._streams if stream[1] > accepted]
        bank, share = self._banks[place.bank_group][place.bank], bursts
        if not self._interleaves_bank_groups:
            start, end = self._stream(bank, place.row, bursts, accepted, is_write, others)
        else:
            start, end, share = self._spread(place, bursts, accepted, is_write)
        turning = self._turn_around(bursts, is_write, others) if is_write or self._last_is_write else 0
        end += turning
        bus_end = self._bus.add(accepted, bursts * timing.tCCD_S + turning)
        last_in_group, last_on_bus = end - timing.tCCD_L, bus_end - timing.tCCD_S
        last_command = last_in_group if last_in_group > last_on_bus else last_on_bus
        finish = end if end > bus_end else bus_end
        others.append((start, finish, bursts, is_write))
        self._streams = others
        self.bursts += bursts
        # A burst leaves the transaction queue once its bank has served the one that is a bank queue's length ahead.
        first_leaves = last_leaves = bank.enqueue(start, finish, share, accepted)
        if share > timing.bank_queue_bursts:
            last_leaves = max(first_leaves, finish - (finish - start) * timing.bank_queue_bursts // share)
        if last_leaves > accepted:
            self._queue.take(bursts, first_leaves, last_leaves)
        return timing.with_refreshes(last_command) + (timing.write_to_data_end if is_write else timing.read_to_data_end)

    def _spread(self, place: Location, bursts: int, accepted: int, is_write: bool) -> tuple[int, int, int]:
        """First and last clock of a chunk that goes round the bank groups, and the bursts of each group.

        The groups take turns on the bus, so that none is slowed by another.
        """
        groups = len(self._banks)
        used = min(groups, bursts)
        share = ceil_div(bursts, used)
        banks = [self._banks[(place.bank_group + step) % groups][place.bank] for step in range(used)]
        spans = [self._stream(bank, place.row, share, accepted, is_write, []) for bank in banks]
        return min(span[0] for span in spans), max(span[1] for span in spans), share

    def _stream(
        self, bank: Bank, row: int, bursts: int, accepted: int, is_write: bool, others: list[Stream]
    ) -> tuple[int, int]:
        """First and last clock of a bank's part of a chunk, slowed by the streams that go on beside it in other groups.

        A lone burst finds a gap in its group's earlier streams.
        """
        timing, group = self._timing, self._groups[bank.group]
        spacing = timing.tCCD_L
        if bursts <= timing.bank_queue_bursts and bank.overtakes(row, bursts, accepted):
            start = bank.overtake(bursts, accepted)
            clocks = bursts * spacing + self._bus_sharing(bursts, start, others)
            group.add(accepted, clocks)
            bank.postpone(clocks)
            return start, start + clocks
        start = bank.open(row, bursts, accepted, self._activates)
        if bursts == 1:
            end = max(start + spacing, group.add(accepted, spacing))
        else:
            if group.end > start:
                start = group.end
            lost = self._bus_sharing(bursts, start, others) if others else 0
            end = group.end = start + bursts * spacing + lost
        bank.precharge_from = end - spacing + (timing.write_to_precharge if is_write else timing.tRTP)
        return start, end

    def _bus_sharing(self, bursts: int, start: int, others: list[Stream]) -> int:
        """What a stream loses to those beside it until the shorter side is through; their bursts are evenly spread."""
        beside = left = 0
        for first, finish, count, _ in others:
            if finish > start:
                beside += 1
                left += count if first >= start else count * (finish - start) // (finish - first)
        if not beside:
            return 0
        lost_per_burst = self._timing.tCCD_S * (1 + beside) - self._timing.tCCD_L
        return min(bursts, ceil_div(left, beside)) * max(0, lost_per_burst)

    def _turn_around(self, bursts: int, is_write: bool, others: list[Stream]) -> int:
        """Clocks that the data bus rests because its direction changes.

        Writes gather and drain a queue's length at a time, so a long write beside reads turns the bus several times.
        """
        timing, clocks = self._timing, 0
        if is_write != self._last_is_write:
            self._last_is_write = is_write
            if others:
                clocks = timing.read_to_write_gap if is_write else timing.write_to_read_gap
        if is_write and bursts > timing.queue_bursts and not all(is_writing for *_, is_writing in others):
            further_drains = bursts // timing.queue_bursts - 1
            clocks += further_drains * (timing.read_to_write_gap + timing.write_to_read_gap)
        return clocks
