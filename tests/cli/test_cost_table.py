"""`accelsim cost-table`: its two files, its JSON, and wrong input."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Cli, Outcome

PAIRS = [(4, 4), (4, 8), (8, 4), (8, 8)]


def simulated(cli: Cli, tiny: Path, weight_bits: int, activation_bits: int) -> tuple[list[int], int]:
    """Cycles of stem, of mix, of fc with the pool before it, and of the run, as `run` has them."""
    bits = f"w{weight_bits}a{activation_bits}"
    document = cli("run", tiny, "--bits", bits, "--no-pins", "--baseline", "none", "--json").document
    stem, mix, pool, fc = (layer["cycles"] for layer in document["layers"])
    return [stem, mix, pool + fc], document["totals"]["cycles"]


def test_npy_is_in_haqs_layout(cli: Cli, tiny: Path) -> None:
    """int64, (layers, 8, 8), `[layer, weight bits - 1, activation bits - 1]`; -1 where nothing was simulated."""
    out = tiny.with_name("table.npy")
    assert cli("cost-table", tiny, "--widths", "8,4", "-o", out).status == 0
    expected = np.full((3, 8, 8), -1)
    for weight_bits, activation_bits in PAIRS:
        expected[:, weight_bits - 1, activation_bits - 1], _ = simulated(cli, tiny, weight_bits, activation_bits)
    found = np.load(out)
    assert (found.dtype, found.flags.c_contiguous) == (np.int64, True)
    np.testing.assert_array_equal(found, expected)


def test_all_widths_by_default(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("table.npy")
    document = cli("cost-table", tiny, "-o", out, "--json").document
    assert document["weight_widths"] == document["activation_widths"] == [2, 3, 4, 5, 6, 7, 8]
    found = np.load(out)
    assert (found[:, 1:, 1:] > 0).all()
    assert (found[:, 0] == -1).all()
    assert (found[:, :, 0] == -1).all()


def test_csv_has_a_line_for_each_number(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("table.csv")
    cli("cost-table", tiny, "--widths", "4,8", "-o", out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    cycles = {pair: simulated(cli, tiny, *pair)[0] for pair in PAIRS}
    assert rows[0] == ["layer", "weight_bits", "activation_bits", "cycles"]
    assert rows[1:] == [
        [name, str(pair[0]), str(pair[1]), str(cycles[pair][index])]
        for index, name in enumerate(["stem", "mix", "fc"])
        for pair in PAIRS
    ]


def test_json(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("table.csv")
    arguments = ("--widths", "4,8", "--hardware", "zcu102", "--set", "array.rows=8", "-o", out, "--json")
    document = cli("cost-table", tiny, *arguments).document
    assert (document["workload"], document["file"]) == ("tiny", str(out))
    assert (document["hardware"]["name"], document["hardware"]["array"]["rows"]) == ("zcu102", 8)
    assert document["layers"] == ["stem", "mix", "fc"]
    assert np.shape(document["cycles"]) == (3, 2, 2)
    assert np.shape(document["overhead_cycles"]) == (2, 2)


def test_people_see_the_runs(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("table.npy")
    outcome = cli("cost-table", tiny, "--widths", "4,8", "-o", out)
    first, head, *rows, last = outcome.out.splitlines()
    assert first == "tiny on scalesim: cycles of the run with every layer at the same widths"
    assert last == f"Cycles of each of 3 layers written to {out}"
    assert head.split() == ["a4", "a8"]
    assert [row.split() for row in rows] == [
        [f"w{bits}", *(f"{simulated(cli, tiny, bits, activation_bits)[1]:,}" for activation_bits in (4, 8))]
        for bits in (4, 8)
    ]


def check(outcome: Outcome, says: str) -> None:
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("accelsim: ")
    assert says in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-o", "t.npz"], "--out t.npz: found '.npz'; did you mean '.npy'? (allowed: .npy (HAQ's layout) or .csv"),
        (["-o", "table"], "--out table: the name has no suffix (allowed: .npy"),
        (["-o", "nowhere/t.npy"], "--out nowhere/t.npy: there is no directory nowhere"),
        (["-o", "folder.npy"], "--out folder.npy: is a directory"),
        (["-o", "t.npy", "--widths", "2,9"], "--widths 2,9: found '9' (allowed: 2..8, separated by commas)"),
        (["-o", "t.npy", "--widths", "4,,8"], "--widths 4,,8: found nothing"),
        (["-o", "t.npy", "--widths", "w4"], "--widths w4: found 'w4'"),
        (["-o", "t.npy", "--hardware", "zcu"], "did you mean 'zcu102'?"),
        (["-o", "t.npy", "--set", "buffers.weight_bytes=1"], "layer stem at w2a2: no tile fits buffers.weight_bytes"),
        ([], "Missing option '--out'"),
    ],
)
def test_wrong_input(cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str) -> None:
    monkeypatch.chdir(tiny.parent)
    Path("folder.npy").mkdir()
    check(cli("cost-table", "tiny.yaml", *arguments), says)
    assert sorted(path.name for path in tiny.parent.iterdir()) == ["folder.npy", "tiny.yaml"]


def test_an_old_table_survives_a_failed_run(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("table.csv")
    out.write_text("old", encoding="utf-8")
    check(cli("cost-table", tiny, "-o", out, "--set", "buffers.weight_bytes=1"), "no tile fits")
    assert out.read_text(encoding="utf-8") == "old"
    assert cli("cost-table", tiny, "-o", out, "--widths", "8").status == 0
    assert out.read_text(encoding="utf-8").startswith("layer,")
