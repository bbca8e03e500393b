"""The tables of a store, and their rows: what is kept of a point and of a baseline."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from accelsim.explore.sweeps.jobs import Outcome
from accelsim.explore.sweeps.space import Candidate
from accelsim.explore.sweeps.space_file import Objective

SCHEMA_VERSION = 1
APPLICATION_ID = 0x41637357  # marks the file as ours
_NUMBERS = """
    cycles INTEGER, seconds REAL, macs INTEGER, dram_read_bytes INTEGER, dram_write_bytes INTEGER, utilisation REAL,
    breakdown TEXT, error REAL, average_bits REAL, array_area_mm2 REAL, trace_hash TEXT, allocation TEXT,
    message TEXT NOT NULL, cpu_seconds REAL NOT NULL"""
SCHEMA = f"""
CREATE TABLE points (
    key TEXT PRIMARY KEY, model TEXT NOT NULL, workload TEXT NOT NULL, hardware TEXT NOT NULL,
    parameters TEXT NOT NULL, bits TEXT NOT NULL, baseline TEXT NOT NULL, baseline_kind TEXT NOT NULL, {_NUMBERS}
) STRICT, WITHOUT ROWID;
CREATE TABLE baselines (key TEXT PRIMARY KEY, array TEXT NOT NULL, {_NUMBERS}) STRICT, WITHOUT ROWID;
CREATE TABLE claims (key TEXT PRIMARY KEY, host TEXT NOT NULL, process INTEGER NOT NULL, expires REAL NOT NULL)
    STRICT, WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
#: Objectives that are no columns of points.
OBJECTIVES: dict[Objective, str] = {
    "speedup": "(b.seconds / p.seconds)",
    "dram_bytes": "(p.dram_read_bytes + p.dram_write_bytes)",
}
ROWS = """
SELECT p.*, b.array AS baseline_array, b.cycles AS baseline_cycles, b.seconds AS baseline_seconds,
    b.message AS baseline_message, b.seconds / p.seconds AS speedup
FROM points p LEFT JOIN baselines b ON b.key = p.baseline"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row has beside the numbers: a point its design and its baseline's key, a baseline its array."""

    key: str
    workload: str
    candidate: Candidate | None
    baseline: str = ""
    array: str = ""


class Reference(NamedTuple):
    """How long a baseline takes."""

    cycles: int
    seconds: float


class Counts(NamedTuple):
    """How much of a network a store holds."""

    model: str
    workload: str
    points: int
    failed: int
    baselines: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """A point as it is stored, with its baseline and the speed-up over it.

    `parameters` are the values of all that varied. A failed point has a `message` and no numbers (None); `speedup` is
    also None where the baseline failed.
    """

    key: str
    workload: str
    hardware: str
    parameters: Mapping[str, Any]
    bits: str
    message: str
    cycles: int | None
    seconds: float | None
    macs: int | None
    dram_read_bytes: int | None
    dram_write_bytes: int | None
    utilisation: float | None
    breakdown: Mapping[str, int] | None
    error: float | None
    average_bits: float | None
    array_area_mm2: float | None
    trace_hash: str | None
    allocation: Mapping[str, Sequence[str]] | None
    cpu_seconds: float
    baseline: str
    baseline_kind: str
    baseline_array: str | None
    baseline_cycles: int | None
    baseline_seconds: float | None
    baseline_message: str | None
    speedup: float | None

    @property
    def failed(self) -> bool:
        """Whether there are no numbers."""
        return self.cycles is None


_FIELDS = tuple(field.name for field in fields(Row))
_JSON_FIELDS = frozenset({"parameters", "breakdown", "allocation"})


def number_columns(outcome: Outcome) -> dict[str, Any]:
    """The columns of what was found."""
    columns: dict[str, Any] = {"message": outcome.message, "cpu_seconds": outcome.cpu_seconds}
    if outcome.numbers is None:
        return columns
    for field in fields(outcome.numbers):
        value = getattr(outcome.numbers, field.name)
        columns[field.name] = json.dumps(value) if field.name in _JSON_FIELDS and value is not None else value
    return columns


def row_of(stored: sqlite3.Row) -> Row:
    values = {name: stored[name] for name in _FIELDS}
    for name in _JSON_FIELDS:
        if values[name] is not None:
            values[name] = json.loads(values[name])
    return Row(**values)
