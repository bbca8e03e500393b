"""Random traffic on a DRAM channel: what holds whatever comes."""

from __future__ import annotations

import random

import pytest

from accelsim.config.presets import load_dram
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel

PRESETS = ("ddr4-2400", "ddr4-2400-bankgroup-low", "ddr3-1600", "hbm2-1ch", "lpddr4-3200")


def submit_traffic(channel: DramChannel, preset_name: str, seed: int, transactions: int) -> list[Request]:
    """Six streams, three of which also write, that go on or leap; all of it is there at once."""
    draw, preset = random.Random(seed), load_dram(preset_name)
    places, requests = AddressMap(preset, 1), []
    streams = [draw.randrange(2**31) for _ in range(6)]
    for _ in range(transactions):
        stream = draw.randrange(draw.choice([1, 3, 6]))
        if draw.random() < 0.3:
            streams[stream] = draw.randrange(2 ** draw.choice([18, 24, 31]))
        size_bytes, is_write = draw.choice([64, 100, 256, 1024, 4096, 20000]), draw.random() < (stream > 2) / 2
        requests.append(Request())
        for place, bursts, _ in places.chunks(streams[stream], size_bytes):
            channel.submit(0, place, bursts, is_write, requests[-1])
        streams[stream] += size_bytes
    return requests


def times(requests: list[Request]) -> list[tuple[int, int]]:
    return [(request.accepted, request.finished) for request in requests]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", range(3))
def test_looking_more_often_changes_nothing(preset: str, seed: int) -> None:
    """A channel that stops every few clocks is where one ends up that does not."""
    straight, stepped = (DramChannel(load_dram(preset)) for _ in range(2))
    requests, stepped_requests = (submit_traffic(each, preset, seed, 100) for each in (straight, stepped))
    straight.advance()
    while stepped.requests:
        stepped.advance(stepped.now + 7)
    assert times(requests) == times(stepped_requests)
    assert (straight.row_hits, straight.row_misses) == (stepped.row_hits, stepped.row_misses)


@pytest.mark.parametrize("preset", PRESETS)
def test_all_of_it_is_served(preset: str) -> None:
    """No faster than the bus allows."""
    channel = DramChannel(load_dram(preset))
    requests = submit_traffic(channel, preset, 25, 1000)  # a bank that waits for the bus to turn opens another row
    channel.advance()
    assert channel.requests == 0
    assert all(request.left == request.runs == 0 for request in requests)
    assert max(request.finished for request in requests) > channel.bursts * load_dram(preset).burst_clocks


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_ends_before_its_earliest_end(preset: str) -> None:
    channel = DramChannel(load_dram(preset))
    requests = submit_traffic(channel, preset, 1, 60)
    bounds: list[list[int]] = [[] for _ in requests]
    while channel.requests:
        for request, earlier in zip(requests, bounds, strict=True):
            earlier.append(channel.earliest_end(request))
        channel.advance(channel.now + 100)
    assert all(max(earlier) <= request.finished for request, earlier in zip(requests, bounds, strict=True))


@pytest.mark.parametrize("preset", PRESETS)
def test_it_stops_when_few_enough_are_left(preset: str) -> None:
    channel = DramChannel(load_dram(preset))
    submit_traffic(channel, preset, 2, 60)
    for most_requests in (40, 39, 10, 0):
        channel.advance(most_requests=most_requests)
        assert most_requests - 4 <= channel.requests <= most_requests
