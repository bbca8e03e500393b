"""`python -m quant sensitivity`: a file and a table; one message for wrong input."""

import json
from pathlib import Path

import numpy as np
import pytest

from quant.cli import main
from quant.sensitivity_file import load_sensitivity
from tests.unit.ptq.networks import images

FACTORY = "tests.unit.ptq.networks:Residual"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    path = tmp_path / "data.npz"
    labels = np.arange(16) % 5
    np.savez(path, calibration=images().numpy(), calibration_labels=labels, test_inputs=np.zeros(3))
    return path


def test_a_file_and_a_table(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, cache = data.with_name("s.json"), data.with_name("cache")
    command = ["sensitivity", FACTORY, "--data", str(data), "--formats", "dybit4,dybit2", "-o", str(out)]
    command += ["--cache", str(cache), "--measures", "kl,accuracy"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "choices that dybit2 harms most" in printed
    found = load_sensitivity(out)
    worst = max(found.choices, key=lambda choice: choice.error("dybit2", "kl"))
    assert worst.name in printed.splitlines()[3]
    assert len(list(cache.iterdir())) == len(found.choices) * 2
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([FACTORY, "--formats", "dybot4"], "did you mean 'dybit4'"),
        ([FACTORY, "--measures", "kl,fischer"], "measure 'fischer'; did you mean 'fisher'"),
        ([FACTORY, "--rounding", "neares"], "--rounding 'neares'; did you mean 'nearest'"),
        ([FACTORY, "--data", "missing.npz"], "missing.npz: "),
        ([FACTORY, "--cache", "{data}"], "data.npz: is not a directory"),
        ([FACTORY, "-o", "nowhere/s.json"], "there is no directory nowhere"),
        (["net"], "net: names no function (allowed: package.module:factory"),
        (["tests.unit.ptq.networks:Residul"], "did you mean 'Residual'"),
        (["tests.unit.ptq.networks:images"], "images() returned Tensor"),
    ],
)
def test_wrong_input_is_one_message(
    arguments: list[str], message: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = data.with_name("s.json")
    arguments = [argument.format(data=data) for argument in arguments]
    assert main(["sensitivity", "--data", str(data), "-o", str(out), *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert (printed.err.count("\n"), printed.out) == (1, "")
    assert not out.exists()


def test_a_file_without_calibration(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(data, calibrations=images().numpy())
    assert main(["sensitivity", FACTORY, "--data", str(data), "-o", str(data.with_name("s.json"))]) == 2
    assert "data.npz: no array 'calibration'; did you mean 'calibrations'?" in capsys.readouterr().err
