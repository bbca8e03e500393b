"""`accelsim memory` against DRAMsim3: bus efficiency of the access patterns of the collected table and of further ones.

`benchmarks/validation/data/dramsim3.csv` holds 220 rows of the same experiment, measured with DRAMsim3 @29817593 as
`../shared/reference/dram_patterns.md` says (its 36 rows are among them, to the last digit but for random addresses).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.validation.dram import MEASURED, Row, bound_of, modelled, relative_error, rows

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "dram_efficiency.csv"
ROWS = [row for row in rows(MEASURED) if "_64B" not in row.pattern]


@pytest.fixture(scope="module")
def collected() -> list[Row]:
    if not REFERENCE.exists():
        pytest.skip(f"the table of measurements, {REFERENCE.name}, is not beside this checkout")
    return rows(REFERENCE)


def test_the_rows_are_those_that_were_collected(collected: list[Row]) -> None:
    measured = {row[:2]: row.bus_efficiency for row in rows(MEASURED)}
    for row in collected:
        assert measured[row[:2]] == pytest.approx(row.bus_efficiency, rel=0.002), row


def test_the_collected_rows_are_within_the_bounds(collected: list[Row]) -> None:
    errors = {row: abs(relative_error(row)) for row in collected}
    assert not {row: error for row, error in errors.items() if error > bound_of(row.pattern)}
    assert sum(errors.values()) / len(errors) <= 0.02


@pytest.mark.parametrize("row", ROWS[::20], ids=lambda row: f"{row.config}-{row.pattern}")
def test_every_twentieth_row(row) -> None:  # type: ignore[no-untyped-def]
    """`make validate` compares all of them."""
    assert abs(relative_error(row)) <= bound_of(row.pattern)


def test_requests_of_64_bytes_give_the_same() -> None:
    """As the table's were: 64 bytes a row instead of a chunk."""
    row = next(row for row in ROWS if row.pattern == "read_write_1GiB_apart_chunk_4096B")
    assert modelled(row, 64).bus_efficiency == pytest.approx(row.bus_efficiency, rel=0.05)
