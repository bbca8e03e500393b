"""One DRAM channel burst by burst: the examples of docs/timing-model.md, and each rule on its own."""

from __future__ import annotations

from accelsim.config.presets import load_dram
from accelsim.hw.dram.address_map import Location
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel

DDR4 = load_dram("ddr4-2400")  # CL = tRCD = tRP = 17, tCCD_S 4, tCCD_L 6, tRTP 9, tRRD_S 4, burst 4 clocks of 64 bytes
READ_DATA, WRITE_DATA = 17 + 4, 12 + 4  # from the command to the end of its data


def place(row: int = 0, bank: int = 0, group: int = 0) -> Location:
    return 0, row, bank, group


def served(
    *chunks: tuple[Location, int, str], channel: DramChannel | None = None, arrival: int = 0
) -> list[tuple[int, int]]:
    """When each chunk (place, bursts, R or W) is accepted and finished, all of them handed in at once."""
    channel = channel or DramChannel(DDR4)
    requests = [Request() for _ in chunks]
    for (where, bursts, op), request in zip(chunks, requests, strict=True):
        channel.submit(arrival, where, bursts, op == "W", request)
    channel.advance()
    assert [(request.left, request.runs) for request in requests] == [(0, 0)] * len(chunks)
    return [(request.accepted, request.finished) for request in requests]


class TestExamplesOfThePage:
    def test_one_burst_of_a_closed_bank(self) -> None:
        assert served((place(), 1, "R")) == [(0, 17 + READ_DATA)]

    def test_a_row(self) -> None:
        assert served((place(), 128, "R")) == [(0, 17 + 127 * 6 + READ_DATA)]

    def test_a_row_conflict(self) -> None:
        """The first chunk reads last at 107; precharge at 116, activate at 133, reads from 150."""
        first, second = served((place(), 16, "R"), (place(row=1), 16, "R"))
        assert (first[1], second[1]) == (107 + READ_DATA, 107 + 9 + 17 + 17 + 15 * 6 + READ_DATA)

    def test_two_banks_take_turns(self) -> None:
        """Activates at 0 and tRRD_S = 4; reads at 17, 21, 25, ..., 45, each bank every 8 clocks."""
        first, second = served((place(), 4, "R"), (place(group=1), 4, "R"))
        assert (first[1], second[1]) == (17 + 3 * 8 + READ_DATA, 21 + 3 * 8 + READ_DATA)

    def test_row_hits_overtake_a_conflict(self) -> None:
        """Four bursts each of rows 0, 1 and 0 again: the third chunk goes before the second, 17 to 59."""
        first, second, third = served((place(), 4, "R"), (place(row=1), 4, "R"), (place(), 4, "R"))
        assert (first[1], third[1]) == (17 + 3 * 6 + READ_DATA, 17 + 7 * 6 + READ_DATA)
        assert second[1] == 59 + 9 + 17 + 17 + 3 * 6 + READ_DATA


class TestQueues:
    def test_the_queue_holds_32_bursts_beyond_the_bank_s_8(self) -> None:
        """The second row is accepted when 128 - 8 - 31 = 89 bursts of the first one are served: at 17 + 89 * 6."""
        assert served((place(), 128, "R"), (place(group=1), 128, "R"))[1][0] == 17 + 89 * 6

    def test_writes_wait_until_32_are_there(self) -> None:
        """31 writes stay behind reads that came later; the bus turns once, after the last read at 17 + 63 * 6."""
        write, read = served((place(group=1), 31, "W"), (place(), 64, "R"))
        last_read = 17 + 63 * 6
        assert read[1] == last_read + READ_DATA
        assert write[1] > last_read + DDR4.tRTW + 30 * 6

    def test_32_writes_go_first(self) -> None:
        write, read = served((place(group=1), 32, "W"), (place(), 64, "R"))
        assert write[1] < read[1]

    def test_writes_go_when_nothing_else_is_there(self) -> None:
        """Though a read is on its way: it comes when the write has been on the bus for long."""
        channel, write, read = DramChannel(DDR4), Request(), Request()
        channel.submit(0, place(), 1, True, write)
        channel.submit(1000, place(group=1), 1, False, read)
        channel.advance()
        assert (write.accepted, write.finished) == (0, 17 + WRITE_DATA)
        assert (read.accepted, read.finished) == (1000, 1000 + 17 + READ_DATA)

    def test_a_later_arrival_is_not_served_earlier(self) -> None:
        assert served((place(), 1, "R"), arrival=100) == [(100, 100 + 17 + READ_DATA)]


def test_a_refresh_closes_the_rows() -> None:
    """Reads every 6 clocks until 9359; precharge tRTP later, tRP, tRFC = 420, and the row is opened again."""
    (row,) = served((place(), 1600, "R"))
    before = (9360 - 17 + 5) // 6
    reopened = 17 + (before - 1) * 6 + 9 + 17 + 420
    assert row[1] == reopened + 17 + (1600 - before - 1) * 6 + READ_DATA


def test_interleaved_bank_groups_share_a_chunk() -> None:
    """16 bursts go round four groups, a burst every tCCD_S once all rows are open."""
    channel = DramChannel(load_dram("ddr4-2400-bankgroup-low"))
    ((_, finished),) = served((place(), 16, "R"), channel=channel)
    assert finished == 17 + 15 * 4 + READ_DATA
    assert (channel.row_hits, channel.row_misses) == (12, 4)
