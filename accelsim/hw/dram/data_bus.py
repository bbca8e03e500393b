"""The data bus of a channel, and the banks that take turns on it (docs/timing-model.md, "DRAM", rules 3 and 4)."""

from __future__ import annotations

from accelsim.hw.dram.bank import Bank, Request
from accelsim.hw.dram.timing import NEVER, Timing
from accelsim.units import ceil_div


class DataBus:
    """Banks whose row is open and whose next burst goes in the bus's direction are *active*: they take turns.

    A turn is a slot of one burst. Whole rounds in which nothing happens are counted, not gone through.
    """

    def __init__(self, timing: Timing, bank_groups: int, banks_per_group: int) -> None:
        #: The clock of the next slot, and of the last command.
        self.now, self.last_command = 0, NEVER
        #: Bursts so far.
        self.bursts = 0
        #: In the order of their numbers.
        self.active: list[Bank] = []
        #: Number of the bank that had the last turn; the next is that of the first active bank above it, or of all.
        self.last = 0
        self._next = 0  # the place in `active` of the first bank above it, if there is one
        self._timing = timing
        self._in_group = [0] * bank_groups
        self._sharing = 0  # the most active banks of one group
        self._slots = _slots(bank_groups * banks_per_group, banks_per_group, timing)
        self._slot = 0  # clocks from one burst to the next
        self._set_direction(is_writing=False)

    def join(self, bank: Bank, *, is_next: bool = False) -> None:
        """Let a bank take part, with the next turn or in the order of the numbers."""
        number, place = bank.number, 0
        for other in self.active:
            if other.number > number:
                break
            place += 1
        self.active.insert(place, bank)
        if is_next:
            self.last, self._next = number - 1, place
        elif number <= self.last:
            self._next += 1
        in_group = self._in_group[bank.group] + 1
        self._in_group[bank.group] = in_group
        if in_group > self._sharing:
            self._sharing = in_group
        self._slot = self._slots[len(self.active)][self._sharing]

    def leave(self, bank: Bank) -> None:
        """Its run has ended, and no other follows."""
        active = self.active
        place = active.index(bank)
        del active[place]
        if place < self._next:
            self._next -= 1
        in_group = self._in_group[bank.group]
        self._in_group[bank.group] = in_group - 1
        if in_group == self._sharing:
            self._sharing = max(self._in_group)
        self._slot = self._slots[len(active)][self._sharing]

    def go_on_with(self, number: int) -> None:
        """Give the next turn to the bank of this number if it is active, or else to the first above it."""
        self.last, place = number - 1, 0
        for bank in self.active:
            if bank.number >= number:
                break
            place += 1
        self._next = place

    def clear(self) -> None:
        """All banks leave; what they have served is taken off."""
        for bank in self.active:
            bank.settle()
        self.active.clear()
        self._next = 0
        self._in_group, self._sharing = [0] * len(self._in_group), 0

    def turns_of(self, request: Request) -> int:
        """Turns that the runs of a request have had and that are not taken off it yet."""
        turns = 0
        for bank in self.active:
            run = bank.current
            if run is not None and run.request is request:
                turns += run.left - bank.left
        return turns

    def turn_around(self) -> None:
        """Change the direction."""
        timing = self._timing
        self._set_direction(not self.is_writing)
        gap = timing.read_to_write if self.is_writing else timing.write_to_read
        self.now = max(self.now, self.last_command + gap)

    @property
    def round_clocks(self) -> int:
        """Clocks in which each active bank has a turn."""
        return self._slot * len(self.active)

    def serve(self, boundary: int, moving: int, opening: Bank | None) -> tuple[int, Bank | None]:
        """Let the active banks take turns until `boundary`, a run ends, or `moving` bursts have found a place.

        A burst finds a place in the window of its bank when one before it has had its turn. Returns how many did, and
        the bank whose run has ended. `opening` is the bank that joins next.
        """
        active, slot, clock, at = self.active, self._slot, self.now, self._next
        recovery, banks = self._recovery, len(active)
        slots = -(-(boundary - clock) // slot) if boundary > clock else 1
        self.bursts += slots
        moved, left_after_round = 0, slots - banks
        while slots:
            if at == banks:
                at = 0
            bank = active[at]
            at += 1
            left = bank.left
            bank.left = left - 1
            bank.precharge_from = clock + recovery
            clock += slot
            slots -= 1
            if left > bank.places:
                moved += 1
                if moved == moving:
                    break
            if left == 1:
                break
            if slots == left_after_round:
                if slots > banks:
                    rounds = _rounds_without_event(active, slots // banks, moving - moved)
                    if rounds:
                        moved += self._serve_rounds(active, at, clock, rounds)
                        clock += rounds * banks * slot
                        slots -= rounds * banks
                left_after_round = slots - banks
        self.bursts -= slots
        self.last, self._next = bank.number, at
        self.last_command = clock - slot
        if opening is not None and opening.opens_at < clock and not self._in_group[opening.group]:
            clock = max(opening.opens_at, self.last_command + min(slot, self._timing.tCCD_S))
        self.now = clock
        return moved, None if bank.left else bank

    def _serve_rounds(self, active: list[Bank], at: int, clock: int, rounds: int) -> int:
        """Give every bank some turns, beginning at a place and a clock; how many bursts have found a place."""
        precharge_from = clock + (rounds - 1) * len(active) * self._slot + self._recovery
        moved = 0
        for bank in active[at:] + active[:at] if at else active:
            outside = bank.left - bank.places
            if outside > 0:
                moved += rounds if rounds < outside else outside
            bank.left -= rounds
            bank.precharge_from = precharge_from
            precharge_from += self._slot
        return moved

    def _set_direction(self, is_writing: bool) -> None:
        """The direction of the bus, and from a command in it to a precharge, and from there to the end of its data."""
        timing, self.is_writing = self._timing, is_writing
        self._recovery = timing.write_to_precharge if is_writing else timing.tRTP
        data_end = timing.write_to_data_end if is_writing else timing.read_to_data_end
        self.recovered_to_data_end = data_end - self._recovery


def _rounds_without_event(banks: list[Bank], most: int, moving: int) -> int:
    """How many turns each bank can have, `most` at most, before a run ends or `moving` bursts have found a place."""
    leaving = 0
    for bank in banks:
        left = bank.left
        if left <= most:
            most = left - 1
        if left > bank.places:
            leaving += 1
    return (moving - 1) // leaving if leaving and most * leaving >= moving else most


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
