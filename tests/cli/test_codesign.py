"""`accelsim codesign`: its JSON and files, that `run` takes what it chose, and wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quant.cli import main as quant_main
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


TORCH_NET = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )
"""


@pytest.fixture
def trained(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The options of a search for a torch network with data, imported as the workload `torch.yaml`."""
    name = f"net_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(TORCH_NET, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    rng = np.random.default_rng(0)
    images = {part: rng.normal(size=(16, 3, 8, 8)).astype(np.float32) for part in ("calibration", "test_inputs")}
    training = {"train_inputs": images["calibration"], "train_labels": rng.integers(0, 10, 16)}
    np.savez(tmp_path / "data.npz", **images, **training)
    workload = tmp_path / "torch.yaml"
    assert cli("import", f"{name}:make", "--input", "3,8,8", "-o", workload).status == 0
    cached = ("--cache", str(tmp_path / "cache"))
    return (str(workload), "--model", f"{name}:make", "--data", str(tmp_path / "data.npz"), *cached)


def test_in_the_loop_with_accuracy(cli: Cli, trained: tuple[str, ...], tmp_path: Path) -> None:
    """Without a target, the fastest design that loses at most so much is chosen, trained on, and drawn."""
    out = tmp_path / "out"
    options = ("--front", "--within-points", "20", "--qat-steps", "2", "--out", out, "--json")
    document = cli("codesign", *trained, *options).document
    found = document["accuracy"]
    chosen = found["designs"][found["chosen"]]
    assert chosen["speedup"] == document["simulated_speedup"]
    assert chosen["accuracy_qat"] is not None
    kept = [design for design in found["designs"] if design["accuracy_ptq"] >= found["floating"] - 20]
    assert chosen["speedup"] == max(design["speedup"] for design in kept)
    assert "kl of each rounding by itself, measured on 16 inputs" in document["errors_of"]
    assert {path.name for path in out.iterdir()} > {"accuracy.png", "front.png", "allocation.yaml"}


def test_accuracy_of_a_target(cli: Cli, trained: tuple[str, ...]) -> None:
    done = cli("codesign", *trained, "--error", "1", "--measure", "noise")
    assert "Agreement with the float network after quantisation: " in done.out
    assert "The error is noise of each rounding by itself" in done.out


def test_errors_from_a_file_of_sensitivities(
    cli: Cli, trained: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workload, _, model, _, data, *_ = trained
    assert quant_main(["sensitivity", model, "--data", data, "-o", str(tmp_path / "s.json")]) == 0
    capsys.readouterr()
    options = ("--error", "1", "--sensitivity", tmp_path / "s.json", "--measure", "fisher", "--json")
    assert "fisher of each" in cli("codesign", workload, *options).document["errors_of"]
    missing = cli("codesign", workload, *options[:-1], "--widths", "3,8")
    assert missing.status == 2
    assert "dybit3 was not measured" in missing.err
    other = cli("codesign", workload, "--error", "1", "--sensitivity", data)
    assert (other.status, other.err.count("\n")) == (2, 1)


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
        (("--error", "1", "--model", "a:b"), "--model alone"),
        (("--error", "1", "--model", "no_such_module:b", "--data", "none.npz"), "no_such_module cannot be imported"),
        (("--error", "1", "--measure", "fischer"), "did you mean 'fisher'"),
        (("--error", "1", "--sensitivity", "none.json"), "none.json"),
    ],
)
def test_wrong_input_is_one_message(cli: Cli, tiny: Path, options: tuple[str, ...], message: str) -> None:
    out = tiny.with_name("out")
    done = cli("codesign", tiny, *options, "--out", out)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not out.exists()
