"""`accelsim codesign`: its JSON and files, that `run` takes what it chose, and wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

KEYS = {"allocation", "predicted_speedup", "simulated_speedup", "error", "method", "optimality_gap"}


def test_json_has_what_the_contract_says(cli: Cli, tiny: Path) -> None:
    document = cli("codesign", tiny, "--error", "0.5", "--front", "--json").document
    assert document.keys() >= KEYS | {"front"}
    assert document["error"] <= 0.5
    assert document["method"] == "exact"
    assert document["optimality_gap"] < 1e-6
    assert all(point.keys() >= {"speedup", "error", "method"} for point in document["front"])
    assert {point["method"] for point in document["front"]} == {"exact", "greedy", "uniform"}
    assert "synthetic" in document["errors_of"]


def test_run_takes_the_allocation_and_finds_the_speedup(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("chosen")
    assert cli("codesign", tiny, "--error", "1", "--out", out).status == 0
    assert sorted(path.name for path in out.iterdir()) == ["allocation.yaml", "codesign.json"]
    chosen = json.loads((out / "codesign.json").read_text(encoding="utf-8"))
    run = cli("run", tiny, "--bits", out / "allocation.yaml", "--json").document
    assert run["speedup"] == pytest.approx(chosen["simulated_speedup"])


def test_front_is_drawn(cli: Cli, tiny: Path) -> None:
    out = tiny.with_name("front")
    done = cli("codesign", tiny, "--front", "--baseline", "int8", "--out", out)
    assert done.status == 0
    assert {"front.png", "front.svg"} < {path.name for path in out.iterdir()}
    assert "over int8" in done.out


def test_pins_and_widths(cli: Cli, tiny: Path) -> None:
    options = ("--error", "100", "--widths", "4", "--pin", "stem=w3a6", "--method", "greedy", "--json")
    document = cli("codesign", tiny, *options).document
    assert document["allocation"]["stem"] == {"weights": "dybit3", "activations": "dybit6"}
    assert document["allocation"]["mix"]["weights"] == "dybit4"
    assert (document["method"], document["optimality_gap"]) == ("greedy", None)


def test_several_limits_and_one_width_for_all_beside_the_result(cli: Cli, tiny: Path) -> None:
    limits = ("--average-bits", "4.5", "--size-bytes", "5000", "--equal-residuals", "--weight-only")
    document = cli("codesign", tiny, "--error", "10", *limits, "--json").document
    assert document["average_bits"] <= 4.5
    assert document["size_bytes"] <= 5000
    below, above = document["uniform"]
    assert below["average_bits"] <= document["average_bits"] < above["average_bits"]
    assert below["label"].endswith("a8")
    shown = cli("codesign", tiny, "--error", "10", *limits).out
    assert f"uniform {below['label']}" in shown


def test_the_seed_is_all_that_chance_depends_on(cli: Cli, tiny: Path) -> None:
    first, again, other = (cli("codesign", tiny, "--error", "1", "--seed", seed, "--json").out for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no target"),
        (("--speedup", "2", "--error", "1"), "both --speedup and --error"),
        (("--speedup", "0"), "above 0"),
        (("--speedup", "1000"), "1000 cannot be reached"),
        (("--error", "1e-12"), "cannot be reached"),
        (("--error", "1", "--method", "exakt"), "did you mean 'exact'"),
        (("--error", "1", "--baseline", "int4"), "did you mean 'int8'"),
        (("--error", "1", "--widths", "4,16"), "found '16'"),
        (("--error", "1", "--pin", "stemm=dybit4"), "did you mean 'stem'"),
        (("--error", "1", "--weights", "none.npz"), "none.npz"),
        (("--error", "1", "--average-bits", "1"), "--average-bits: 1 cannot be reached"),
        (("--error", "1", "--size-bytes", "10"), "--size-bytes: 10 cannot be reached"),
        (("--error", "1", "--size-bytes", "0"), "above 0"),
    ],
)
def test_wrong_input_is_one_message(cli: Cli, tiny: Path, options: tuple[str, ...], message: str) -> None:
    out = tiny.with_name("out")
    done = cli("codesign", tiny, *options, "--out", out)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not out.exists()
