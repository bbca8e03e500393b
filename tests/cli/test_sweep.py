"""`accelsim sweep`: its JSON, its files, its questions to a store, its faults, and its one message."""

from __future__ import annotations

import csv
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from accelsim import explore
from accelsim.explore.sweeps.rows import Row
from accelsim.explore.sweeps.store import Store
from tests.cli.conftest import ROOT, Cli
from tests.unit.sweeps import SPACE, WITH_FAILURES, write_space

#: 144 points of a few milliseconds each.
MANY = WITH_FAILURES.replace("bits:", "  decoder.lanes: [2, 4, null]\nbits:")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "accelsim", "sweep", *map(str, arguments)]


def content(store: Path) -> list[tuple[object, ...]]:
    """What a store holds, in the order of the keys, without the time that it took."""
    with Store(store) as opened:
        rows: list[Row] = sorted(opened.rows(), key=lambda row: row.key)
    return [(row.key, row.cycles, row.trace_hash, row.message, row.baseline_cycles, row.speedup) for row in rows]


@pytest.fixture
def undisturbed(tmp_path: Path) -> list[tuple[object, ...]]:
    store = tmp_path / "undisturbed.sqlite"
    assert len(explore.sweep(write_space(tmp_path, MANY), store, executor="serial").rows) == 144
    return content(store)


def test_its_json_and_its_store(cli: Cli, tmp_path: Path) -> None:
    space, store = write_space(tmp_path), tmp_path / "sweep.sqlite"
    found = cli("sweep", space, "--store", store, "--executor", "serial", "--json").document
    assert {name: found[name] for name in ("points", "computed", "reused", "failed")} == {
        "points": 8, "computed": 8, "reused": 0, "failed": 0,
    }  # fmt: skip
    assert found["wall_seconds"] > 0
    speedups = [design["speedup"] for design in found["top"]]
    assert speedups == sorted(speedups, reverse=True)
    assert found["best"] == found["top"][0] == found["pareto"][0]
    again = cli("sweep", space, "--store", store, "--json").document
    assert (again["computed"], again["reused"], again["best"]) == (0, 8, found["best"])


def test_its_report_and_files(cli: Cli, tmp_path: Path) -> None:
    space, out = write_space(tmp_path, WITH_FAILURES), tmp_path / "out"
    outcome = cli("sweep", "run", space, "--store", tmp_path / "s.sqlite", "--executor", "serial", "--out", out)
    assert outcome.status == 0
    for words in ("48 points", "12 failed", "Best by speedup", "Pareto front", "Baselines: fp32", "no tile fits"):
        assert words in " ".join(outcome.out.split())
    with (out / "points.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 48
    assert {line["buffers.input_bytes"] for line in lines if line["message"]} == {"64"}
    names = {path.name for path in out.iterdir()}
    assert {"sweep.json", "pareto.png", "heat_map.png", "parallel.png", "rooflines.svg"} <= names
    assert json.loads((out / "sweep.json").read_text(encoding="utf-8"))["failed"] == 12


def test_a_store_is_named_after_its_space(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("sweep", write_space(tmp_path), "--executor", "serial").status == 0
    assert (tmp_path / "space.sqlite").exists()


def test_a_dry_run_prints_the_size_and_runs_nothing(cli: Cli, tmp_path: Path) -> None:
    space = write_space(tmp_path)
    outcome = cli("sweep", space, "--dry-run")
    assert "at most 12 points: tiny, search by grid" in outcome.out
    found = cli("sweep", space, "--dry-run", "--json").document
    assert found["axes"]["array.rows"] == [4, 8, 16]
    assert found["first"][0] == {
        "hardware": "zcu102", "array.rows": 4, "decoder.lanes": 4, "array.cols": 8, "bits": "w4a4",
    }  # fmt: skip
    assert not list(tmp_path.glob("*.sqlite"))


def test_questions_to_a_store(cli: Cli, tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    table = explore.sweep(write_space(tmp_path, WITH_FAILURES), store, executor="serial")
    shown = cli("sweep", "show", store, "--json").document
    (network,) = shown["networks"]
    assert (network["points"], network["failed"]) == (48, 12)
    assert shown["parameters"]["array.rows"] == [4, 8, 16, 32]
    assert "tiny" in cli("sweep", "show", store).out
    best = cli("sweep", "best", store, "--count", "3", "--json").document["best"]
    assert [row["speedup"] for row in best] == [design.speedup for design in table.best(3)]
    assert "Best by error" in cli("sweep", "best", store, "--objective", "error").out


def test_exports_hold_every_point(cli: Cli, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    store = tmp_path / "s.sqlite"
    table = explore.sweep(write_space(tmp_path, WITH_FAILURES), store, executor="serial")
    for name in ("points.csv", "points.parquet"):
        assert cli("sweep", "export", store, "-o", tmp_path / name).status == 0
    frames = polars.read_csv(tmp_path / "points.csv"), polars.read_parquet(tmp_path / "points.parquet")
    for frame in frames:
        assert sorted(frame["key"].to_list()) == sorted(row.key for row in table.rows)
        assert frame["cycles"].sum() == sum(row.cycles or 0 for row in table.rows)
    assert {path.name for path in tmp_path.glob("*points*")} == {"points.csv", "points.parquet"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.yaml"], "missing.yaml: no such file"),
        (["space.yaml", "--executor", "proces"], "did you mean 'process'?"),
        (["space.yaml", "--scheduler", "tcp://localhost:1"], "goes with --executor dask"),
        (["space.yaml", "--executor", "dask", "--scheduler", "nowhere"], "--scheduler nowhere: no answer"),
        (["space.yaml", "--store", "tiny.yaml"], "--store tiny.yaml: file is not a database"),
        (["space.yaml", "--store", "no/folder.sqlite"], "there is no directory no"),
        (["space.yaml", "--out", "tiny.yaml"], "tiny.yaml is not a directory"),
        (["best", "none.sqlite"], "none.sqlite: no such store"),
        (["best", "s.sqlite", "--objective", "spedup"], "did you mean 'speedup'?"),
        (["export", "s.sqlite", "-o", "points.xls"], "found '.xls' (allowed: .csv or .parquet)"),
    ],
)
def test_wrong_input_is_one_message(
    arguments: list[str], message: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_space(tmp_path)
    Store(tmp_path / "s.sqlite").close()
    outcome = cli("sweep", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_wrong_space_is_one_message_and_leaves_no_store(cli: Cli, tmp_path: Path) -> None:
    space = write_space(tmp_path, SPACE.replace("first: 4", "first: 0"))
    outcome = cli("sweep", space, "--store", tmp_path / "s.sqlite")
    assert outcome.status == 2
    assert outcome.err.startswith(f"accelsim: {space}:6: array.rows: found 0")
    assert not (tmp_path / "s.sqlite").exists()


def test_a_driver_that_is_killed_again_and_again_loses_and_repeats_nothing(
    undisturbed: list[tuple[object, ...]], tmp_path: Path
) -> None:
    space, store = tmp_path / "space.yaml", tmp_path / "killed.sqlite"
    chance, stored = random.Random(5), [0]
    for executor in ("process", "serial", "serial"):
        driver = subprocess.Popen(
            command(space, "--store", store, "--executor", executor, "--workers", "1"),
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        wanted = stored[-1] + chance.randint(5, 30)
        while driver.poll() is None and _stored(store) < wanted:
            time.sleep(0.01)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        stored.append(_stored(store))
    assert 0 < stored[1] < stored[3] < 144
    last = subprocess.run(
        command(space, "--store", store, "--executor", "serial", "--json"),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = json.loads(last.stdout)
    assert found["reused"] >= stored[-1]
    assert found["computed"] + found["reused"] == 144
    assert content(store) == undisturbed


def test_two_drivers_on_one_store_share_the_work(undisturbed: list[tuple[object, ...]], tmp_path: Path) -> None:
    space, store = tmp_path / "space.yaml", tmp_path / "shared.sqlite"
    drivers = [
        subprocess.Popen(
            command(space, "--store", store, "--executor", "serial", "--json"),
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    found = [json.loads(driver.communicate()[0]) for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0]
    assert [document["points"] for document in found] == [144, 144]
    assert sum(document["computed"] for document in found) == 144
    assert content(store) == undisturbed


def _stored(store: Path) -> int:
    """Points in a store that a driver may just be making."""
    if not store.exists() or not store.stat().st_size:
        return 0
    try:
        with Store(store) as opened:
            return sum(count.points for count in opened.counts())
    except Exception:  # it has no tables yet
        return 0
