"""`python -m quant`: there and back, and one message for wrong input."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from quant.cli import main

WEIGHT = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    np.savez(tmp_path / "model.npz", **{"conv.weight": WEIGHT, "conv.bias": np.ones(4)})
    return tmp_path / "model.npz"


def test_there_and_back(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encoded, decoded = source.with_name("m.safetensors"), source.with_name("decoded.npz")
    assert main(["encode", str(source), "--bits", "w4a8", "-o", str(encoded)]) == 0
    assert main(["inspect", str(encoded), "--original", str(source), "--json"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert (layer["format"], layer["bits"], layer["payload_bytes"]) == ("dybit4", 4, WEIGHT.size // 2)
    assert main(["decode", str(encoded), "-o", str(decoded)]) == 0
    with np.load(decoded) as archive:
        error = np.sqrt(np.mean((archive["conv.weight"].astype(np.float64) - WEIGHT) ** 2))
        assert np.array_equal(archive["conv.bias"], np.ones(4))
    assert layer["rmse"] == pytest.approx(error)
    assert main(["inspect", str(encoded)]) == 0
    assert "dybit4" in capsys.readouterr().out


def test_a_format_of_blocks_brings_its_groups_and_scales(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4 channels of 27 numbers: a block, so a scale byte, each."""
    encoded = source.with_name("m.safetensors")
    assert main(["encode", str(source), "--bits", "mxfp6_e2m3", "-o", str(encoded)]) == 0
    assert main(["inspect", str(encoded), "--json"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert layer["granularity"] == "per 32 of a channel of axis 0"
    assert (layer["payload_bytes"], layer["scale_bytes"]) == (WEIGHT.size * 6 // 8, 4)
    assert layer["compression"] == pytest.approx(WEIGHT.nbytes / (81 + 4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bits", "dybot4"], "did you mean"),
        (["--method", "rms"], "did you mean 'rmse'"),
        (["--axis", "9"], "axis 9"),
        (["--group-size", "0"], "group size 0"),
        (["--bits", "mxfp4", "--group-size", "64"], "group size 64"),
        (["--method", "percentile", "--percentile", "0"], "percentile 0"),
    ],
)
def test_wrong_options_are_one_message(
    options: list[str], message: str, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = source.with_name("m.safetensors")
    assert main(["encode", str(source), "-o", str(out), *options]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
    assert not out.exists()


def test_pickles_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "m.safetensors")
    np.savez(tmp_path / "objects.npz", weight=np.array([{}, {}], dtype=object))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([1]))
    for name in ("objects.npz", "model.pkl", "missing.npz"):
        assert main(["encode", str(tmp_path / name), "-o", out]) == 2
        assert name in capsys.readouterr().err


def test_a_damaged_file_is_refused(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(source)]) == 2
    assert capsys.readouterr().err.startswith("quant: ")
