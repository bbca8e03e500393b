"""The store: every key once, claims, foreign and older files, a disk that is full."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.explore.sweeps.jobs import Numbers, Outcome
from accelsim.explore.sweeps.rows import SCHEMA_VERSION, Entry
from accelsim.explore.sweeps.space import Candidate
from accelsim.explore.sweeps.store import LEASE_SECONDS, Store, StoreError

NUMBERS = Numbers(200, 2e-6, 800, 64, 32, 0.5, {"computing": 150, "idle": 50}, 0.25, 4.0, 1.5, "hash")


def point(key: str, baseline: str = "base", lanes: int | None = 4) -> Entry:
    return Entry(key, "net", Candidate("zcu102", {"decoder.lanes": lanes}, "w4a4"), baseline)


def done(key: str, cycles: int = 200) -> tuple[Entry, Outcome]:
    return point(key), Outcome(key, replace(NUMBERS, cycles=cycles, seconds=cycles / 1e8), cpu_seconds=0.1)


BASELINE = (Entry("base", "net", None, array="32x32"), Outcome("base", replace(NUMBERS, cycles=800, seconds=8e-6)))
FAILED = (point("bad"), Outcome("bad", None, "no tile fits"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep.sqlite"


def test_a_row_comes_back_as_it_was_with_its_baseline(path: Path) -> None:
    with Store(path) as store:
        store.add([BASELINE, done("a"), FAILED], "fp32")
    with Store(path) as store:
        first, second = store.rows()
        assert (first.key, first.parameters, first.breakdown) == ("a", {"decoder.lanes": 4}, NUMBERS.breakdown)
        assert (first.cycles, first.baseline_cycles, first.baseline_array) == (200, 800, "32x32")
        assert first.speedup == pytest.approx(800 / 200)
        assert (second.key, second.failed, second.message, second.speedup) == ("bad", True, "no tile fits", None)
        assert store.known(["a", "b", "base", "bad"]) == {"a", "base", "bad"}
        assert [row.key for row in store.rows(["bad", "missing"])] == ["bad"]
        (count,) = store.counts()
        assert (count.workload, count.points, count.failed) == ("net", 2, 1)
        assert store.parameters() == {"decoder.lanes": [4]}


def test_the_first_of_two_results_stays(path: Path) -> None:
    with Store(path) as store:
        store.add([done("a", 200)], "fp32")
        store.add([done("a", 300)], "fp32")
        assert [row.cycles for row in store.rows()] == [200]


def test_the_best_leave_failed_ones_out(path: Path) -> None:
    with Store(path) as store:
        store.add([BASELINE, FAILED, done("slow", 400), done("fast", 100), done("middle", 200)], "fp32")
        assert [row.key for row in store.best("speedup", 2)] == ["fast", "middle"]
        assert [row.key for row in store.best("seconds", 9)] == ["fast", "middle", "slow"]
        assert store.best("dram_bytes", 1)[0].key == "fast"
        assert store.best("speedup", 9, workload="other") == []


def test_failed_points_can_be_forgotten(path: Path) -> None:
    with Store(path) as store:
        store.add([done("a"), FAILED], "fp32")
        store.forget_failed(["a", "bad"])
        assert [row.key for row in store.rows()] == ["a"]


def hold(path: Path, keys: list[str], ready: object, go: object) -> None:
    with Store(path) as store:
        store.claim(keys)
        ready.set()  # type: ignore[attr-defined]
        go.wait()  # type: ignore[attr-defined]


def test_what_a_living_process_claimed_is_its_own_and_free_when_it_is_gone(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    other = context.Process(target=hold, args=(path, ["a", "b"], ready, go))
    with Store(path) as store:
        other.start()
        assert ready.wait(30)
        assert store.claim(["a", "c"]) == {"c"}
        other.kill()
        other.join()
        assert store.claim(["a", "b"]) == {"a", "b"}
        assert store.claim(["a"]) == {"a"}  # one's own
        store.add([done("a")], "fp32")
        assert store.claim(["a"]) == set()


def test_a_claim_of_another_host_ends_with_its_lease(path: Path) -> None:
    with Store(path) as store:
        store.claim(["a"])
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE claims SET host = 'elsewhere'")
        assert store.claim(["a"]) == set()
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE claims SET expires = expires - ?", (LEASE_SECONDS + 1,))
        assert store.claim(["a"]) == {"a"}
        store.release()
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT COUNT(*) FROM claims").fetchone() == (0,)


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1])
def test_another_schema_is_refused_and_left_alone(path: Path, version: int) -> None:
    with Store(path) as store:
        store.add([done("a")], "fp32")
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(InputError, match=f"has schema {version}.*schema {SCHEMA_VERSION}"):
        Store(path)
    assert path.read_bytes() == before


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    path.write_text("no database at all, and longer than a header of a hundred bytes" * 5, encoding="utf-8")
    with pytest.raises(InputError, match="not a database"):
        Store(path)
    foreign = tmp_path / "other.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE photographs (name TEXT)")
    with pytest.raises(InputError, match="no store of sweeps"):
        Store(foreign)
    with pytest.raises(InputError, match="there is no directory"):
        Store(tmp_path / "missing" / "sweep.sqlite")
    with pytest.raises(StoreError, match="unable to open"):
        Store(tmp_path)


FILL = """
import sys
from pathlib import Path
from accelsim.explore.sweeps.store import Store, StoreError
from tests.unit.test_explore_store import done
with Store(Path(sys.argv[1])) as store:
    try:
        for index in range(10_000):
            store.add([done(f"key {index}")], "fp32")
    except StoreError as error:
        print(index, error)
"""


def test_a_full_disk_loses_nothing_that_was_stored(path: Path) -> None:
    """A process that may write 200 kB to a file stands for the disk; SQLite sees a write that fails."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    printed = subprocess.run(
        [sys.executable, "-c", FILL, path],
        capture_output=True, text=True, check=True, preexec_fn=limit, env=os.environ,
    ).stdout  # fmt: skip
    stored, message = printed.split(" ", 1)
    assert f"store {path}: " in message
    assert "what was stored before is kept" in message
    assert int(stored) > 10
    with Store(path) as store:
        assert len(list(store.rows())) == int(stored)
        store.add([done("later")], "fp32")
        assert store.known(["later"])
