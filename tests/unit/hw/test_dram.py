"""The DRAM block: clock crossings, channels, statistics and trace."""

from __future__ import annotations

import math

from accelsim.config.presets import load_dram
from accelsim.hw.dram import Dram, DramSetup
from accelsim.tlm import Command, Trace, Transaction, collect
from tests.unit.hw.conftest import Bench

CLOCK_HZ = 300_000_000


def read(address: int, size_bytes: int, command: Command = Command.READ) -> Transaction:
    return Transaction(command, address, size_bytes, "bench.player")


def dram(
    bench: Bench,
    preset: str = "ddr4-2133-zcu102",
    channels: int = 1,
    in_flight: int = 8,
    trace: Trace | None = None,
) -> Dram:
    setup = DramSetup(load_dram(preset), channels, CLOCK_HZ, Trace() if trace is None else trace)
    return Dram(bench.env, "dram", bench.root, setup, in_flight)


def test_a_row_of_the_zcu102(bench: Bench) -> None:
    """796 clocks of 937 ps are 223.76 cycles of 300 MHz."""
    bench.play(dram(bench).target, (0, read(0, 8192)))
    assert bench.run() == [(0, math.ceil((15 + 127 * 6 + 15 + 4) * 0.2811))]


def test_both_clock_crossings_round_up(bench: Bench) -> None:
    """Cycle 1000 is clock 3557.45, so the read begins at 3558; done at 3592, which is 1009.7 cycles."""
    bench.play(dram(bench).target, (1000, read(0, 64)))
    assert bench.run() == [(1000, 1010)]


def test_unaligned_bytes_touch_whole_bursts(bench: Bench) -> None:
    memory = dram(bench)
    bench.play(memory.target, (0, read(60, 8)))
    bench.run()
    channel = collect(memory)["channel0"]
    assert channel == {"read_bytes": 8, "write_bytes": 0, "row_hits": 1, "row_misses": 1, "row_conflicts": 0}


def test_channels_work_side_by_side(bench: Bench) -> None:
    bench.play(dram(bench, channels=2).target, (0, read(0, 8192)), (0, read(8192, 8192)))
    assert bench.run() == [(0, 224), (0, 224)]


def test_a_transaction_is_served_row_by_row(bench: Bench) -> None:
    """Two rows in one transaction are done when the second of two transactions is."""
    bench.play(dram(bench).target, (0, read(0, 2 * 8192)))
    apart = Bench()
    apart.play(dram(apart).target, (0, read(0, 8192)), (0, read(8192, 8192)))
    assert bench.run() == apart.run()[-1:]


def test_running_ahead_changes_a_burst_at_most(bench: Bench) -> None:
    """With two under way of at most two the channel runs ahead to the first that is done; of eight it may not."""
    careful = Bench()
    for each, in_flight in ((bench, 2), (careful, 8)):
        each.play(dram(each, in_flight=in_flight).target, (0, read(0, 32768)), (0, read(2**20, 8192, Command.WRITE)))
    for (_, ahead), (_, looked_for) in zip(bench.run(), careful.run(), strict=True):
        assert abs(ahead - looked_for) <= math.ceil(6 * 0.2811)


def test_the_trace_says_what_moved_when(bench: Bench) -> None:
    trace = Trace()
    bench.play(dram(bench, trace=trace).target, (0, read(0, 8192)), (300, read(64, 4096, Command.WRITE)))
    (_, first), (_, second) = bench.run()
    assert [tuple(record) for record in trace] == [
        (first, "bench.player", "dram_read", 8192, 0),
        (second, "bench.player", "dram_write", 4096, 64),
    ]
