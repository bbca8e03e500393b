"""The DRAM channel against DRAMsim3: bus efficiency on 36 access patterns.

`../shared/reference/dram_efficiency.csv` was measured with 65 536 requests of 64 bytes, offered in trace order as fast
as the controller takes them; `dram_patterns.md` beside it describes the traces. The model takes consecutive requests of
a trace as one chunk, as the DMA engines would.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from accelsim.config.presets import load_dram
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.channel import DramChannel
from accelsim.units import ceil_div

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "dram_efficiency.csv"
REQUESTS, REQUEST_BYTES, CAPACITY_BYTES = 65_536, 64, 2**33
PRESETS = {
    "ddr4_2400_map_default": "ddr4-2400",
    "ddr4_2400_map_bankgroup_low": "ddr4-2400-bankgroup-low",
    "ddr3_1600_map_default": "ddr3-1600",
    "hbm2_one_channel_map_default": "hbm2-1ch",
}
Access = tuple[int, int, bool]  # address, bytes, whether it is a write


def trace(pattern: str) -> Iterator[Access]:
    """Consecutive requests joined to chunks; sequential traces in pieces of 4096 bytes."""
    total = REQUESTS * REQUEST_BYTES
    sizes = [int(size) for size in re.findall(r"(\d+)B", pattern)]
    if pattern.startswith("seq"):
        yield from ((address, 4096, pattern == "seq_write") for address in range(0, total, 4096))
    elif pattern.startswith("random"):
        numbers = random.Random(0)
        for _ in range(total // sizes[0]):
            yield numbers.randrange(CAPACITY_BYTES // sizes[0]) * sizes[0], sizes[0], False
    elif pattern.startswith("strided"):
        width, stride = sizes
        yield from ((index * stride, width, False) for index in range(total // width))
    else:
        starts = [0, 2**30 + 37 * 2**20, 2**31 + 91 * 2**20] if pattern.startswith("three") else [0, 2**30]
        for address in range(0, total // len(starts) // sizes[0] * sizes[0], sizes[0]):
            for stream, start in enumerate(starts):
                yield start + address, sizes[0], stream == 1 and pattern.startswith("read_write")


def bus_efficiency(preset_name: str, pattern: str) -> float:
    """Share of the clocks until the last chunk is done in which the data bus moves data."""
    preset = load_dram(preset_name)
    channel, places = DramChannel(preset), AddressMap(preset, 1)
    done = bursts = 0
    for address, size_bytes, is_write in trace(pattern):
        for chunk_address, chunk_bytes in places.chunks(address, size_bytes):
            count = ceil_div(chunk_bytes, preset.burst_bytes)
            done = max(done, channel.serve(0, places.locate(chunk_address), count, is_write))
            bursts += count
    return bursts * preset.burst_clocks / done


@cache
def relative_errors() -> dict[tuple[str, str], float]:
    """(modelled - measured) / measured of every row of the table."""
    if not REFERENCE.exists():
        pytest.skip(f"the table of measurements, {REFERENCE.name}, is not beside this checkout")
    with REFERENCE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["config"], row["pattern"]): bus_efficiency(PRESETS[row["config"]], row["pattern"])
        / float(row["bus_efficiency"])
        - 1
        for row in rows
    }


def test_every_pattern_is_within_ten_percent() -> None:
    beyond = {row: error for row, error in relative_errors().items() if abs(error) > 0.10}
    assert len(relative_errors()) == 36
    assert not beyond


def test_the_mean_error_is_within_three_percent() -> None:
    errors = relative_errors().values()
    assert sum(map(abs, errors)) / len(errors) < 0.03


@pytest.mark.parametrize(
    ("preset", "pattern", "measured"),
    [  # rows of the same table, copied: DRAMsim3 @29817593, DDR4_8Gb_x8_2400
        ("ddr4-2400", "seq_read", 0.7826),
        ("ddr4-2400", "random_chunk_64B", 0.5808),
        ("ddr4-2400", "two_reads_1GiB_apart_chunk_4096B", 0.6486),
        ("ddr4-2400-bankgroup-low", "read_write_1GiB_apart_chunk_4096B", 0.8353),
    ],
)
def test_rows_that_need_no_table(preset: str, pattern: str, measured: float) -> None:
    assert bus_efficiency(preset, pattern) == pytest.approx(measured, rel=0.05)
