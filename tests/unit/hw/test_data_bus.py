"""The data bus of a DRAM channel: what it counts in one go is what comes of a slot at a time."""

from __future__ import annotations

import random

import pytest

from accelsim.config.presets import load_dram
from accelsim.hw.dram.bank import Bank, Request, Run
from accelsim.hw.dram.data_bus import DataBus
from accelsim.hw.dram.timing import FOREVER, Timing

PRESETS = ("ddr4-2400", "ddr3-1600", "hbm2-1ch")


def waiting_bank(number: int, *bursts: int, per_group: int = 4) -> Bank:
    """A bank whose row is open, with runs of so many bursts; it serves the first."""
    bank = Bank(number, number // per_group, window=8)
    for each in bursts:
        bank.put(Run(0, bank, 0, each, False, Request()))
    bank.start(bank.runs[0])
    return bank


def bus_with_traffic(preset_name: str, seed: int) -> tuple[DataBus, list[Bank]]:
    """Some active banks; the last turn was anybody's."""
    draw, preset = random.Random(seed), load_dram(preset_name)
    timing, per_group = Timing.of(preset), preset.banks_per_group
    bus, banks = DataBus(timing, preset.bank_groups, per_group), []
    for number in draw.sample(range(preset.bank_groups * per_group), draw.randrange(1, 7)):
        runs = [draw.randrange(1, 40) for _ in range(draw.randrange(1, 3))]
        banks.append(waiting_bank(number, *runs, per_group=per_group))
        bus.join(banks[-1])
    bus.go_on_with(draw.randrange(preset.bank_groups * per_group))
    return bus, banks


def state(bus: DataBus, banks: list[Bank]) -> list[int]:
    turns = [value for bank in banks for value in (bank.left, bank.precharge_from)]
    return [bus.now, bus.bursts, bus.last, bus.last_command, *turns]


def serve_until_an_end(bus: DataBus, clocks: int) -> tuple[int, int]:
    """How many bursts have found a place in their bank, and the number of the bank whose run has ended."""
    moved, ended = 0, None
    while ended is None:
        more, ended = bus.serve(bus.now + clocks, FOREVER, None)
        moved += more
    return moved, ended.number


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", range(20))
def test_slots_up_to_the_first_end_are_those_one_by_one(preset: str, seed: int) -> None:
    bus, banks = bus_with_traffic(preset, seed)
    single, single_banks = bus_with_traffic(preset, seed)
    assert serve_until_an_end(bus, FOREVER) == serve_until_an_end(single, 1)
    assert state(bus, banks) == state(single, single_banks)


def test_it_stops_when_enough_have_found_a_place() -> None:
    """Two banks with 20 bursts each, 12 of them outside: the fifth that comes in does so with the fifth turn."""
    timing = Timing.of(load_dram("ddr4-2400"))
    bus = DataBus(timing, 4, 4)
    for number in (0, 4):
        bus.join(waiting_bank(number, 20))
    assert bus.serve(FOREVER, 5, None) == (5, None)
    assert bus.bursts == 5


def test_turns_go_round_by_number() -> None:
    """Three banks of different groups, after bank 4: 8, 0, 4, 8, 0, ...; a slot of tCCD_S = 4 each."""
    timing = Timing.of(load_dram("ddr4-2400"))
    bus = DataBus(timing, 4, 4)
    for number in (0, 4, 8):
        bus.join(waiting_bank(number, 100))
    bus.go_on_with(5)
    order = []
    for _ in range(5):
        bus.serve(bus.now + 1, FOREVER, None)
        order.append(bus.last)
    assert order == [8, 0, 4, 8, 0]
    assert bus.last_command == 4 * 4


def test_a_bank_that_joins_has_the_next_turn() -> None:
    bus, banks = bus_with_traffic("ddr4-2400", seed=3)
    late = waiting_bank(next(number for number in range(16) if all(number != bank.number for bank in banks)), 5)
    bus.join(late, is_next=True)
    bus.serve(bus.now + 1, FOREVER, None)
    assert (bus.last, late.left) == (late.number, 4)
