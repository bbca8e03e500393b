"""The results of sweeps in one SQLite file: a row for each point and each baseline, by the key of what was simulated.

Only drivers write, in short transactions, with a write-ahead log: what was committed survives the death of any process.
A row is never changed. Several drivers may share a file: each claims points before it simulates them, and lets go of
them with the row; a claim of a process that is gone, or that nobody renewed, is free.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelsim.errors import AccelSimError, InputError
from accelsim.explore.sweeps.jobs import MODEL_VERSION, Outcome
from accelsim.explore.sweeps.pareto import MORE_IS_BETTER
from accelsim.explore.sweeps.rows import (
    APPLICATION_ID,
    OBJECTIVES,
    ROWS,
    SCHEMA,
    SCHEMA_VERSION,
    Counts,
    Entry,
    Reference,
    Row,
    number_columns,
    row_of,
)
from accelsim.explore.sweeps.space_file import Objective

_BUSY_SECONDS = 60.0
LEASE_SECONDS = 60.0
_KEYS_PER_QUERY = 500


class StoreError(AccelSimError):
    """The store could not be read or written: a full disk, a damaged file. What it holds is as it was."""


class Store:
    """An open store. `owner` of its claims is this process."""

    def __init__(self, path: Path) -> None:
        """Open a store, or make one where there is no file.

        InputError for a file that is none, or that has another schema; StoreError if the file cannot be made.
        """
        self._path, self._host = path, socket.gethostname()
        if not path.parent.is_dir():
            raise InputError(f"--store {path}", f"there is no directory {path.parent}", "a file in one that exists")
        with self._errors():
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        connection = self._connection
        version, application = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
        )
        if (version, application) == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.execute("PRAGMA journal_mode = WAL")
            with self._transaction():
                # Another driver may have been faster.
                if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in SCHEMA.split(";")[:-1]:
                        connection.execute(statement)
        elif application != APPLICATION_ID:
            raise InputError(f"--store {self._path}", "is a SQLite file, but no store of sweeps", "a store or no file")
        elif version != SCHEMA_VERSION:
            age = "older" if version < SCHEMA_VERSION else "newer"
            found = f"has schema {version}, that of an {age} accelsim" if age == "older" else f"has schema {version}"
            allowed = f"schema {SCHEMA_VERSION}; `sweep export` of the accelsim that wrote it saves what it holds"
            raise InputError(f"--store {self._path}", found, allowed)
        connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Close the file; the log is folded into it."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that have a row, of a point or a baseline."""
        return self._present("points", keys) | self._present("baselines", keys)

    def references(self, keys: Collection[str]) -> dict[str, Reference]:
        """Those baselines that are there and did not fail."""
        query = "SELECT key, cycles, seconds FROM baselines WHERE cycles IS NOT NULL AND key IN ({})"
        return {key: Reference(cycles, seconds) for key, cycles, seconds in self._chunks(query, keys)}

    def add(self, done: Iterable[tuple[Entry, Outcome]], baseline_kind: str) -> None:
        """Write points and baselines, and let go of their claims: all or none.

        What another driver wrote in the meantime stays. StoreError on a full disk.
        """
        with self._errors(), self._transaction():
            for entry, outcome in done:
                if entry.candidate is None:
                    self._insert("baselines", {"key": entry.key, "array": entry.array, **number_columns(outcome)})
                else:
                    head = {
                        "key": entry.key,
                        "model": MODEL_VERSION,
                        "workload": entry.workload,
                        "hardware": entry.candidate.hardware,
                        "parameters": json.dumps(entry.candidate.values),
                        "bits": entry.candidate.bits,
                        "baseline": entry.baseline,
                        "baseline_kind": baseline_kind,
                    }
                    self._insert("points", head | number_columns(outcome))
                self._connection.execute("DELETE FROM claims WHERE key = ?", (entry.key,))

    def claim(self, keys: Sequence[str]) -> set[str]:
        """Take those of `keys` that nobody else holds and that have no row; they are this process's from now on."""
        now = time.time()
        with self._errors(), self._transaction():
            known = self.known(keys)
            held = {
                row["key"]
                for row in self._chunks("SELECT * FROM claims WHERE key IN ({})", keys)
                if row["expires"] > now and not self._is_gone(row) and not self._is_mine(row)
            }
            taken = [key for key in keys if key not in known and key not in held]
            self._connection.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)",
                [(key, self._host, os.getpid(), now + LEASE_SECONDS) for key in taken],
            )
        return set(taken)

    def renew(self) -> None:
        """Hold this process's claims for another lease."""
        with self._errors(), self._transaction():
            mine = (time.time() + LEASE_SECONDS, self._host, os.getpid())
            self._connection.execute("UPDATE claims SET expires = ? WHERE host = ? AND process = ?", mine)

    def release(self) -> None:
        """Let go of this process's claims: what it did not finish is free for others."""
        with self._errors(), self._transaction():
            mine = (self._host, os.getpid())
            self._connection.execute("DELETE FROM claims WHERE host = ? AND process = ?", mine)

    def forget_failed(self, keys: Collection[str]) -> None:
        """Remove the failed ones of these points and baselines, so that they are tried again."""
        with self._errors(), self._transaction():
            for table in ("points", "baselines"):
                self._chunks(f"DELETE FROM {table} WHERE cycles IS NULL AND key IN ({{}})", keys)

    def rows(self, keys: Collection[str] | None = None, workload: str | None = None) -> Iterator[Row]:
        """Stored points of the current model, in the order of their keys: those of `keys`, or all, or a network's."""
        with self._errors():
            if keys is not None:
                yield from map(row_of, self._chunks(f"{ROWS} WHERE p.key IN ({{}})", keys))
                return
            condition, values = _of_workload(workload)
            yield from map(row_of, self._connection.execute(f"{ROWS} WHERE {condition}", values))

    def best(self, objective: Objective, count: int, workload: str | None = None) -> list[Row]:
        """The points that are best in one objective, failed ones left out; of equal ones the first key."""
        value = OBJECTIVES.get(objective, f"p.{objective}")
        order = "DESC" if objective in MORE_IS_BETTER else "ASC"
        condition, values = _of_workload(workload)
        query = f"{ROWS} WHERE {condition} AND {value} IS NOT NULL ORDER BY {value} {order}, p.key LIMIT ?"
        with self._errors():
            return list(map(row_of, self._connection.execute(query, [*values, count])))

    def parameters(self, workload: str | None = None) -> dict[str, list[Any]]:
        """What varied: every parameter, and its different values in the order of their size or letters."""
        condition, values = _of_workload(workload)
        query = (
            f"SELECT DISTINCT j.key, j.value FROM points p, json_each(p.parameters) j WHERE {condition} ORDER BY 1, 2"
        )
        found: dict[str, list[Any]] = {}
        with self._errors():
            for name, value in self._connection.execute(query, values):
                found.setdefault(name, []).append(value)
        return found

    def counts(self) -> list[Counts]:
        """Points, failed points and processor time by model version and network."""
        query = """SELECT model, workload, COUNT(*), SUM(cycles IS NULL), COUNT(DISTINCT baseline), SUM(cpu_seconds)
            FROM points GROUP BY model, workload"""
        with self._errors():
            return [Counts(*row) for row in self._connection.execute(query)]

    def _present(self, table: str, keys: Collection[str]) -> set[str]:
        return {row["key"] for row in self._chunks(f"SELECT key FROM {table} WHERE key IN ({{}})", keys)}

    def _chunks(self, query: str, keys: Collection[str]) -> list[sqlite3.Row]:
        """All rows of a query whose `{}` takes keys, asked in portions that SQLite accepts."""
        ordered, found = list(keys), []
        for start in range(0, len(ordered), _KEYS_PER_QUERY):
            part = ordered[start : start + _KEYS_PER_QUERY]
            with self._errors():
                found += self._connection.execute(query.format(",".join("?" * len(part))), part).fetchall()
        return found

    def _insert(self, table: str, values: Mapping[str, Any]) -> None:
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        self._connection.execute(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})", tuple(values.values()))

    def _is_mine(self, claim: sqlite3.Row) -> bool:
        return (claim["host"], claim["process"]) == (self._host, os.getpid())

    def _is_gone(self, claim: sqlite3.Row) -> bool:
        """Whether the process of a claim died on this machine."""
        if claim["host"] != self._host:
            return False
        try:
            os.kill(claim["process"], 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as one message."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"store {self._path}: {error}; what was stored before is kept") from None
        except sqlite3.DatabaseError as error:
            raise InputError(f"--store {self._path}", str(error), "a store of sweeps, or no file") from None


def _of_workload(workload: str | None) -> tuple[str, list[str]]:
    """The condition for points of the current model, of one network or of all."""
    if workload is None:
        return "p.model = ?", [MODEL_VERSION]
    return "p.model = ? AND p.workload = ?", [MODEL_VERSION, workload]


def open_existing(path: Path) -> Store:
    """Open a store to read it; InputError where there is none."""
    if not path.is_file():
        raise InputError(str(path), "no such store", "the --store of a sweep")
    return Store(path)
