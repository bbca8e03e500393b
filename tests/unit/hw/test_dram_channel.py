"""One DRAM channel in closed form: the examples of docs/timing-model.md, and each rule on its own."""

from __future__ import annotations

import pytest

from accelsim.config.dram import DramPreset
from accelsim.config.presets import load_dram
from accelsim.hw.dram.address_map import AddressMap, Location
from accelsim.hw.dram.channel import DramChannel
from accelsim.hw.dram.queue import TransactionQueue
from accelsim.hw.dram.timing import SharedServer, Timing

ROW_BURSTS = 128
DDR4 = load_dram("ddr4-2400")  # CL = tRCD = tRP = 17, tCCD_S 4, tCCD_L 6, tRTP 9, burst 4 clocks of 64 bytes


def place(row: int = 0, bank: int = 0, group: int = 0) -> Location:
    return Location(channel=0, row=row, bank=bank, bank_group=group)


class TestExamplesOfThePage:
    def test_one_burst_of_a_closed_bank(self) -> None:
        assert DramChannel(DDR4).serve(0, place(), 1, False) == 17 + 17 + 4 == 38

    def test_rows_one_behind_the_other(self) -> None:
        channel = DramChannel(DDR4)
        first = channel.serve(0, place(), ROW_BURSTS, False)
        second = channel.serve(0, place(group=1), ROW_BURSTS, False)
        assert first == 17 + 127 * 6 + 17 + 4 == 800
        assert second == 575 + 35 * 8 + 93 * 6 - 6 + 17 + 4 == 1428

    def test_a_row_conflict(self) -> None:
        channel = DramChannel(DDR4)
        assert channel.serve(0, place(row=0), 16, False) == 17 + 15 * 6 + 21 == 128
        precharge = 17 + 15 * 6 + 9
        assert channel.serve(0, place(row=1), 16, False) == precharge + 17 + 17 + 15 * 6 + 21 == 261
        assert (channel.row_hits, channel.row_misses, channel.row_conflicts) == (30, 1, 1)


class TestRows:
    def test_an_open_row_costs_no_activate(self) -> None:
        channel = DramChannel(DDR4)
        channel.serve(0, place(), 4, False)
        assert channel.serve(1000, place(), 1, False) == 1000 + 17 + 4

    def test_a_row_stays_open_for_tras(self) -> None:
        """After one read at 17 the row could close at 26, but not before tRAS = 39."""
        channel = DramChannel(DDR4)
        channel.serve(0, place(row=0), 1, False)
        assert channel.serve(30, place(row=1), 1, False) == 39 + 17 + 17 + 21

    def test_write_recovery_is_longer(self) -> None:
        """A write at 17: precharge from 17 + CWL 12 + burst 4 + tWR 18 = 51."""
        channel = DramChannel(DDR4)
        assert channel.serve(0, place(row=0), 1, True) == 17 + 12 + 4
        assert channel.serve(40, place(row=1), 1, False) == 51 + 17 + 17 + 21

    def test_four_activates_a_window(self) -> None:
        """Five banks at once: tFAW / 4 = 6.5 clocks for each, so the fifth is activated at 26."""
        channel = DramChannel(DDR4)
        done = [channel.serve(0, place(bank=index % 4, group=index // 4), 1, False) for index in range(5)]
        assert [clock - 38 for clock in done] == [0, 7, 13, 20, 26]

    def test_hits_overtake_a_waiting_conflict_up_to_a_bank_queue(self) -> None:
        """Rows 0, 1, 0, 1, ... of one bank, 4 bursts each: a row serves 8 bursts before the other is activated."""
        channel = DramChannel(DDR4)
        for index in range(16):
            channel.serve(0, place(row=index % 2), 4, False)
        assert channel.row_misses + channel.row_conflicts == 16 * 4 // DDR4.bank_queue_bursts


class TestSharing:
    def test_streams_of_one_group_follow_each_other(self) -> None:
        """The second bank is activated at 7 behind the first's reads, which go on until 17 + 16 * 6."""
        channel = DramChannel(DDR4)
        channel.serve(0, place(bank=0), 16, False)
        assert channel.serve(0, place(bank=1), 16, False) == 17 + 16 * 6 + 15 * 6 + 21

    def test_interleaved_bank_groups_fill_the_bus(self) -> None:
        """The last of 32 bursts goes over the bus in its 32nd slot of 4 clocks; the first waits for row and latency."""
        preset = load_dram("ddr4-2400-bankgroup-low")
        channel = DramChannel(preset)
        channel.serve(0, place(), 32, False)
        done = channel.serve(0, place(), 480, False)
        assert done == (32 + 480 - 1) * 4 + 21

    @pytest.mark.parametrize("preset_name", ["ddr4-2400", "ddr4-2400-bankgroup-low", "hbm2-1ch", "lpddr4-3200"])
    def test_no_faster_than_the_bus(self, preset_name: str) -> None:
        preset = load_dram(preset_name)
        channel, places = DramChannel(preset), AddressMap(preset, 1)
        bursts = preset.block_bytes // preset.burst_bytes
        for index in range(100):
            done = channel.serve(0, places.locate(index * preset.block_bytes), bursts, index % 5 == 0)
            assert done > (index + 1) * bursts * preset.burst_clocks


class TestDirection:
    def test_gaps_from_command_spacing_and_latencies(self) -> None:
        timing = Timing.of(DDR4)
        assert timing.read_to_write_gap == 11 + 12 - 17 - 4
        assert timing.write_to_read_gap == 9 + 17

    def test_a_long_write_beside_reads_turns_the_bus_for_every_queue(self) -> None:
        """Behind a read of the same group the bus turns once; a second drain of 32 turns it back and forth again."""

        def clocks_behind_a_read(bursts: int) -> int:
            channel = DramChannel(DDR4)
            channel.serve(0, place(bank=1), 8, False)
            return channel.serve(0, place(), bursts, True) - (17 + 8 * 6)

        assert clocks_behind_a_read(32) == 2 + 31 * 6 + 12 + 4
        assert clocks_behind_a_read(64) == 2 + 63 * 6 + 12 + 4 + (26 + 2)

    def test_an_idle_bus_turns_for_nothing(self) -> None:
        assert DramChannel(DDR4).serve(5000, place(), 64, True) == 5000 + 17 + 63 * 6 + 12 + 4


class TestRefresh:
    def test_it_stops_the_channel_and_closes_the_rows(self) -> None:
        channel = DramChannel(DDR4)
        channel.serve(0, place(), 1, False)
        before, refreshed = 9360 - 420 - 1, 9360 - 420 + 100  # the second arrives inside the refresh
        assert channel.serve(before, place(), 1, False) == before + 21
        assert channel.serve(refreshed, place(), 1, False) == 9360 + 17 + 17 + 4

    def test_clocks_with_and_without(self) -> None:
        timing = Timing.of(DDR4)
        assert [timing.without_refreshes(clock) for clock in (0, 8939, 8940, 9359, 9360, 18720)] == [
            0, 8939, 8940, 8940, 8940, 17880,
        ]  # fmt: skip
        assert [timing.with_refreshes(clock) for clock in (0, 8939, 8940, 17880)] == [0, 8939, 9360, 18720]


class TestQueue:
    def test_bursts_leave_evenly(self) -> None:
        """10 places, 8 bursts that leave from 100 to 180: 3 more fit when one has left, at 100 + 80 * 1 / 8."""
        queue = TransactionQueue(10)
        assert queue.accept(0) == 0
        queue.take(8, 100, 180)
        assert queue.accept(5) == 5
        queue.take(3, 200, 260)
        assert queue.accept(6) == 100 + 80 * 2 // 8

    def test_what_leaves_first_makes_room_first(self) -> None:
        queue = TransactionQueue(4)
        queue.take(2, 900, 1000)
        queue.take(2, 50, 60)
        assert queue.accept(0) == 50 + 10 * 1 // 2

    def test_a_server_never_idles_while_work_waits(self) -> None:
        server = SharedServer()
        assert [server.add(0, 10), server.add(5, 10), server.add(50, 10)] == [10, 20, 60]


class TestAddressMap:
    def test_row_bank_group_column(self) -> None:
        places = AddressMap(DDR4, 1)
        assert places.block_bytes == 8192
        assert places.locate(8191) == place()
        assert places.locate(8192) == place(group=1)
        assert places.locate(4 * 8192) == place(bank=1)
        assert places.locate(16 * 8192) == place(row=1)
        assert places.locate(2**33 + 8192) == place(group=1)  # beyond 8 GiB it starts again

    def test_the_channel_interleaves_rows(self) -> None:
        places = AddressMap(DDR4, 3)
        assert [places.locate(index * 8192).channel for index in range(5)] == [0, 1, 2, 0, 1]
        assert places.locate(3 * 8192).bank_group == 1

    def test_a_range_is_cut_at_every_row(self) -> None:
        chunks = list(AddressMap(DDR4, 1).chunks(8000, 16_384 + 200))
        assert chunks == [(8000, 192), (8192, 8192), (16_384, 8192), (24_576, 8)]

    def test_bank_groups_in_the_lowest_bits(self) -> None:
        places = AddressMap(load_dram("ddr4-2400-bankgroup-low"), 1)
        assert places.block_bytes == 4 * 8192
        assert [places.locate(index * 64).bank_group for index in range(5)] == [0, 1, 2, 3, 0]
        assert places.locate(4 * 8192) == place(bank=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"address_map": ["row", "bank", "column", "channel", "bank_group"]}, "address_map ends in"),
        ({"address_map": ["row", "row", "bank", "channel", "column"]}, "address_map names each"),
        ({"tCCD_S": 3}, "burst_length / 2 <= tCCD_S"),
        ({"tRFC": 9360}, "tRFC < tREFI"),
        ({"row_bytes": 100}, "row_bytes is a multiple of a burst of 64 bytes"),
    ],
)
def test_presets_that_contradict_themselves(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DramPreset.model_validate({**DDR4.model_dump(), **changes})
