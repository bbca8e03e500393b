"""The DRAM channel against DRAMsim3: bus efficiency on 36 access patterns.

`../shared/reference/dram_efficiency.csv` was measured with 65 536 requests of 64 bytes, offered in trace order as fast
as the controller takes them; `dram_patterns.md` beside it describes the traces. The model takes consecutive requests of
a trace as one chunk, as the DMA engines would.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from accelsim.config.presets import load_dram
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.channel import DramChannel
from accelsim.units import ceil_div
from benchmarks.validation.dram_patterns import PRESETS, trace

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "dram_efficiency.csv"


def bus_efficiency(preset_name: str, pattern: str) -> float:
    """Share of the clocks until the last chunk is done in which the data bus moves data."""
    preset = load_dram(preset_name)
    channel, places = DramChannel(preset), AddressMap(preset, 1)
    done = bursts = 0
    for _, address, size_bytes, is_write in trace(pattern):
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
