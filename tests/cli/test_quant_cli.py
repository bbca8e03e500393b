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


def net(path: Path, **tensors: np.ndarray) -> Path:
    """A stem, a depthwise convolution with a dead channel, a batch norm and a classifier."""
    numbers = np.random.default_rng(1).standard_normal
    depthwise = numbers((8, 1, 3, 3)).astype(np.float32)
    depthwise[3] = 0
    state = {
        "stem.weight": numbers((8, 3, 3, 3)).astype(np.float32),
        "blocks.0.mix.weight": depthwise,
        "bn.weight": np.ones(8, np.float32),
        "bn.count": np.array(3),
        "fc.weight": numbers((5, 8)).astype(np.float32),
        "fc.bias": np.zeros(5, np.float32),
        "table": numbers((2, 3)),
    }
    np.savez(path, **state | tensors)
    return path


MODEL = "the model (floating tensors of two and more axes)"
ALLOCATION = """\
stem: {weights: dybit8, activations: int8}
blocks.0.mix: {weights: int4, activations: dybit5}
fc: {weights: dybit3, activations: dybit4}
table: {weights: fp8_e4m3, activations: bf16}
"""


def inspected(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert main(["inspect", str(file), "--json"]) == 0
    return {layer["name"]: layer for layer in json.loads(capsys.readouterr().out)["layers"]}


@pytest.mark.parametrize(
    ("options", "formats"),
    [
        (["--bits", "w4a8"], [("dybit4", "dybit8")] * 4),
        (["--bits", "w3"], [("dybit3", "dybit3")] * 4),
        (["--bits", "int4"], [("int4", "int4")] * 4),
        (
            ["--bits", "w4a4", "--pin", "stem=w8a8", "--pin", "fc=int8"],
            [("dybit8", "dybit8"), ("dybit4", "dybit4"), ("int8", "int8"), ("dybit4", "dybit4")],
        ),
        (
            ["--bits", "mix.yaml"],
            [("dybit8", "int8"), ("int4", "dybit5"), ("dybit3", "dybit4"), ("fp8_e4m3", "bf16")],
        ),
        (
            ["--bits", "mix.yaml", "--pin", "table=w2"],
            [("dybit8", "int8"), ("int4", "dybit5"), ("dybit3", "dybit4"), ("dybit2", "dybit2")],
        ),
    ],
)
def test_formats_of_each_layer(
    options: list[str],
    formats: list[tuple[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mix.yaml").write_text(ALLOCATION, encoding="utf-8")
    assert main(["encode", str(net(Path("net.npz"))), "-o", "m.safetensors", *options]) == 0
    layers = inspected(Path("m.safetensors"), capsys)
    assert list(layers) == ["stem.weight", "blocks.0.mix.weight", "fc.weight", "table"]
    assert [(layer["format"], layer["activations"]) for layer in layers.values()] == formats


def test_dead_channels_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, encoded = net(tmp_path / "net.npz"), tmp_path / "m.safetensors"
    assert main(["encode", str(source), "-o", str(encoded)]) == 0
    assert [layer["zero_rows"] for layer in inspected(encoded, capsys).values()] == [0, 1, 0, 0]
    assert main(["inspect", str(encoded)]) == 0
    assert "0 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "stem",
            "stemm",
            "mix.yaml:1: no layer stemm in the model (floating tensors of two and more axes); did you mean 'stem'?",
        ),
        ("stem", "bn", "mix.yaml:1: no layer bn in the model (floating tensors of two and more axes)"),
        ("fc: {weights: dybit3, activations: dybit4}\n", "", "mix.yaml: no formats for fc"),
        ("int4", "int44", "mix.yaml:2: unknown number format 'int44'; did you mean 'int4'?"),
        (ALLOCATION, "", "mix.yaml: is empty"),
    ],
)
def test_an_allocation_that_does_not_fit(
    old: str,
    new: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mix.yaml").write_text(ALLOCATION.replace(old, new, 1), encoding="utf-8")
    assert main(["encode", str(net(Path("net.npz"))), "-o", "m.safetensors", "--bits", "mix.yaml"]) == 2
    assert capsys.readouterr().err.startswith(f"quant: {message}")
    assert not Path("m.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--pin", "steem=int8"],
            f"--pin steem=int8: no layer 'steem' in {MODEL}; did",
        ),
        (["--pin", "stem=int88"], "--pin stem=int88: unknown number format 'int88'"),
        (["--pin", "stem"], "--pin: found 'stem' (allowed: LAYER=FORMAT"),
        (["--bits", "w9a4"], "unknown number format 'dybit9'"),
        (["--bits", "no.yaml"], "no.yaml: no such file"),
    ],
)
def test_wrong_pins_and_bits(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.safetensors"
    assert main(["encode", str(net(tmp_path / "net.npz")), "-o", str(out), *options]) == 2
    assert capsys.readouterr().err.startswith(f"quant: {message}")
    assert not out.exists()


def test_not_a_number_is_named_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoiled = np.ones((5, 8), np.float32)
    spoiled[0, :3], spoiled[1, 0] = np.nan, np.inf
    source, out = net(tmp_path / "net.npz", **{"fc.weight": spoiled}), tmp_path / "m.safetensors"
    assert main(["encode", str(source), "-o", str(out)]) == 2
    assert "fc.weight: 3 NaN and 1 infinite (in float32) of 40 numbers" in capsys.readouterr().err
    assert not out.exists()


def test_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = net(tmp_path / "net.npz"), tmp_path / "new" / "out"
    assert main(["compare", str(source), "--formats", "int4,dybit4,fp16", "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    assert printed["formats"] == ["int4", "dybit4", "fp16"]
    assert [layer["name"] for layer in printed["layers"]] == ["stem", "blocks.0.mix", "fc", "table"]
    assert printed["wins"] == {"int4": 0, "dybit4": 0, "fp16": 4}
    assert sorted(path.stem for path in out.iterdir()) == ["codes", "codes", "comparison", "rmse", "rmse"]
    assert main(["compare", str(source), "--axis", "-1"]) == 0
    table = capsys.readouterr().out
    for text in ("int4", "nf4", "blocks.0.mix", "mean", "layers won", "scales per tensor"):
        assert text in table


def test_compare_shows_the_errors_that_inspect_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, encoded = net(tmp_path / "net.npz"), tmp_path / "m.safetensors"
    assert main(["encode", str(source), "--bits", "dybit4", "-o", str(encoded)]) == 0
    assert main(["inspect", str(encoded), "--original", str(source), "--json"]) == 0
    inspected = {layer["name"]: layer["sqnr_db"] for layer in json.loads(capsys.readouterr().out)["layers"]}
    assert main(["compare", str(source), "--formats", "dybit4", "--json"]) == 0
    for layer in json.loads(capsys.readouterr().out)["layers"]:
        name = layer["name"] if layer["name"] == "table" else f"{layer['name']}.weight"
        assert layer["sqnr_db"]["dybit4"] == pytest.approx(inspected[name])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--formats", "int4,dybot4"], "unknown number format 'dybot4'; did you mean 'dybit4'?"),
        (["--formats", ""], "unknown number format ''"),
        (["--axis", "7"], "scales per channel of axis 7"),
    ],
)
def test_compare_with_wrong_options(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["compare", str(net(tmp_path / "net.npz")), "--out", str(out), *options]) == 2
    assert capsys.readouterr().err.startswith(f"quant: {message}")
    assert not out.exists()


def test_names_are_shown_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "net.npz", **{"[bold]a[/x]": np.ones((2, 2))})
    encoded = tmp_path / "m.safetensors"
    assert main(["encode", str(tmp_path / "net.npz"), "-o", str(encoded)]) == 0
    for command in (["inspect", str(encoded)], ["compare", str(tmp_path / "net.npz")]):
        assert main(command) == 0
        assert "[bold]a[/x]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "out", "message"),
    [
        ("encode", "missing/m.safetensors", "there is no directory missing"),
        ("encode", ".", "is a directory"),
        ("compare", "net.npz", "net.npz is not a directory"),
        ("compare", "net.npz/below", "net.npz is not a directory"),
    ],
)
def test_output_that_cannot_be_written_is_said_at_once(
    command: str,
    out: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command, str(net(Path("net.npz"))), "--out", out]) == 2
    assert capsys.readouterr().err.startswith(f"quant: --out {out}: {message}")
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]
