"""The data bus of a channel, and the banks that take turns on it (docs/timing-model.md, "DRAM", rules 3 and 4)."""

from __future__ import annotations

from accelsim.hw.dram.bank import Bank, Request
from accelsim.hw.dram.timing import FOREVER, NEVER, Timing
from accelsim.units import ceil_div


class DataBus:
    """Banks whose row is open and whose next burst goes in the bus's direction are *active*: they take turns.

    A turn is a slot of one burst; slots in which nothing else changes are counted, not stepped through.
    """

    def __init__(self, timing: Timing, bank_groups: int, banks_per_group: int) -> None:
        #: The clock of the next slot, and of the last command.
        self.now, self.last_command = 0, NEVER
        #: Bursts so far.
        self.bursts = 0
        #: In the order of their numbers.
        self.active: list[Bank] = []
        #: The active banks whose run has ended in the last slots, in the order of their last turns.
        self.ended: list[Bank] = []
        #: Number of the bank that had the last turn; the next is that of the first active bank above it, or of all.
        self.last = 0
        self._next = 0  # the place in `active` of the first bank above it, if there is one
        self._timing = timing
        self._in_group = [0] * bank_groups
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
        self._in_group[bank.group] += 1
        self._slot = self._slots[len(self.active)][max(self._in_group)]

    def leave(self, bank: Bank) -> None:
        """Its run has ended, and no other follows."""
        active = self.active
        place = active.index(bank)
        del active[place]
        if place < self._next:
            self._next -= 1
        self._in_group[bank.group] -= 1
        self._slot = self._slots[len(active)][max(self._in_group)]

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
        self._in_group = [0] * len(self._in_group)

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

    def serve(self, boundary: int, moving: int, opening: Bank | None) -> int:
        """Let the active banks take turns until the first of them is through with its run, or until `boundary`.

        It looks up when `moving` bursts can have found a place in their bank; returns how many have. `opening` is the
        bank that joins next.
        """
        active, slot, now, start = self.active, self._slot, self.now, self._next
        banks, order = len(active), active
        if 0 < start < banks:
            order = active[start:] + active[:start]
        slots = -(-(boundary - now) // slot) if boundary > now else 1
        if slots > banks:
            slots = _slots_to_event(order, slots, moving)
        end = now + slots * slot
        moved = self._take_turns(order, slots, end)
        last = (start + slots - 1) % banks
        self.last, self._next = active[last].number, last + 1
        self.last_command = end - slot
        self.bursts += slots
        self.now = end if end < boundary else self._met(boundary, end, opening)
        return moved

    def _take_turns(self, order: list[Bank], slots: int, end: int) -> int:
        """Give slots that end at a clock to banks; how many bursts have found a place in their bank."""
        banks, slot, ended = len(order), self._slot, self.ended
        if slots < banks:
            order, turns, fewer = order[:slots], 1, banks
        elif banks == 1:
            turns, fewer = slots, 1
        else:
            turns, more = divmod(slots, banks)
            fewer = banks - more
            if more:  # those with a turn more had the last ones
                order = order[more:] + order[:more]
        moved, precharge_from = 0, end - len(order) * slot + self._recovery
        ended.clear()
        for bank in order:
            if not fewer:
                turns += 1
            fewer -= 1
            left = bank.left
            outside = left - bank.places
            if outside > 0:
                moved += turns if turns < outside else outside
            bank.left = left = left - turns
            bank.precharge_from = precharge_from
            precharge_from += slot
            if not left:
                ended.append(bank)
        return moved

    def _met(self, boundary: int, end: int, opening: Bank | None) -> int:
        """The clock of the next slot at a boundary: after less than a slot if a bank of another group joins there."""
        if opening is not None and opening.opens_at <= boundary and not self._in_group[opening.group]:
            end += min(0, self._timing.tCCD_S - self._slot)
        return end if end > boundary else boundary

    def _set_direction(self, is_writing: bool) -> None:
        """The direction of the bus, and from a command in it to a precharge, and from there to the end of its data."""
        timing, self.is_writing = self._timing, is_writing
        self._recovery = timing.write_to_precharge if is_writing else timing.tRTP
        data_end = timing.write_to_data_end if is_writing else timing.read_to_data_end
        self.recovered_to_data_end = data_end - self._recovery


def _slots_to_event(banks: list[Bank], slots: int, moving: int) -> int:
    """Slots until the first run of banks in the order of their turns ends, or until `moving` bursts can have moved."""
    shortest, first, place = FOREVER, 0, 0
    for bank in banks:
        if bank.left < shortest:
            shortest, first = bank.left, place
        place += 1
    most = (shortest - 1) * place + first + 1
    if slots > most:
        slots = most
    if 0 < moving < slots:
        leaving = 0
        for bank in banks:
            if bank.left > bank.places:
                leaving += 1
        if leaving:
            most = -(-moving // leaving) * place
            if slots > most:
                return most
    return slots


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
