"""What was measured, the errors made of it, and its file."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quant.allocation.problem import Choice, Layer, Problem
from quant.errors import DataError, FileError, FormatError
from quant.sensitivity import Measured, MeasuredChoice, Sensitivity, with_sensitivity
from quant.sensitivity_file import document, load_sensitivity, save_sensitivity

FORMATS = ("dybit8", "dybit4")


def measured(name: str, weights_of: tuple[str, ...], input_of: tuple[str, ...], scale: float) -> MeasuredChoice:
    """`kl` is 0 at 8 bits and `scale` at 4, `loss` falls by it."""
    errors = {"dybit8": Measured(noise=0.0, kl=0.0, loss=0.0), "dybit4": Measured(noise=0.01, kl=scale, loss=-scale)}
    return MeasuredChoice(name, weights_of, input_of, errors)


RESULT = Sensitivity(
    inputs=64,
    seed=0,
    choices=(
        measured("weights of a", ("a",), (), 1.0),
        measured("weights of b", ("b",), (), 2.0),
        measured("tensor relu", (), ("a", "b"), 3.0),
        measured("tensor softmax", ("mix",), (), 4.0),
        measured("tensor mean", (), ("mix",), 5.0),
    ),
)


def problem() -> Problem:
    """As RESULT's network, but with the names of another tool; errors that do not matter."""
    names = ("weights of a", "weights of b", "x", "k", "q")
    choices = tuple(Choice.of(name, FORMATS, [9.0, 9.0]) for name in names)
    cycles = np.ones((2, 2), np.int64)
    reads = {"a": ("weights of a", "x"), "b": ("weights of b", "x"), "mix": ("k", "q")}
    return Problem(choices, tuple(Layer(name, *read, cycles) for name, read in reads.items()))


def test_nrmse_and_sqnr() -> None:
    """Noise-to-signal of 0.01 is 20 dB."""
    found = Measured(noise=0.01, layer=0.01, output=0.0)
    assert (found.nrmse, found.layer_sqnr_db, found.output_sqnr_db) == (pytest.approx(0.1), pytest.approx(20), math.inf)
    assert (Measured().nrmse, Measured().output_sqnr_db) == (None, None)


def test_choices_are_found_by_what_reads_them() -> None:
    found = with_sensitivity(problem(), RESULT, "kl")
    assert [choice.errors for choice in found.choices] == [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]
    assert [layer.name for layer in found.layers] == ["a", "b", "mix"]


def test_what_did_good_counts_as_nothing() -> None:
    assert {choice.errors for choice in with_sensitivity(problem(), RESULT, "loss").choices} == {(0.0, 0.0)}


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("accuracy", r"weights of a: accuracy was not measured \(it needs labels\).*noise, kl, loss"),
        ("hessian", "weights of a: hessian was not measured .it is of weights only"),
        ("hesian", "measure 'hesian'; did you mean 'hessian'"),
    ],
)
def test_measures_that_were_not_taken(measure: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        with_sensitivity(problem(), RESULT, measure)  # type: ignore[arg-type]


def test_other_formats_and_readers() -> None:
    choices = tuple(Choice(c.name, ("dybit8", "dybit3"), (0, 1), (8, 3)) for c in problem().choices)
    with pytest.raises(DataError, match="weights of a: dybit3 was not measured; did you mean 'dybit8'"):
        with_sensitivity(Problem(choices, problem().layers), RESULT)
    fewer = Sensitivity(64, 0, RESULT.choices[:2] + RESULT.choices[3:])
    with pytest.raises(DataError, match="x: input of a and b: not measured; did you mean 'input of mix'"):
        with_sensitivity(problem(), fewer)


def test_a_single_candidate_needs_no_measurement() -> None:
    free = problem()
    pinned = Choice("x", ("fp32",), (9.0,), (0,))
    choices = tuple(pinned if choice.name == "x" else choice for choice in free.choices)
    layers = tuple(replace(at, cycles=at.cycles[:, :1]) if at.activations == "x" else at for at in free.layers)
    assert with_sensitivity(Problem(choices, layers), RESULT, "kl").choices[2].errors == (0.0,)


def test_impossible_results() -> None:
    with pytest.raises(DataError, match="kl is nan"):
        Measured(kl=math.nan)
    with pytest.raises(DataError, match="two choices have a in weights_of"):
        Sensitivity(1, 0, (RESULT.choices[0], RESULT.choices[0]))
    with pytest.raises(FormatError, match="dybit44"):
        Sensitivity(1, 0, (MeasuredChoice("x", ("a",), (), {"dybit44": Measured()}),))


def test_file_there_and_back(tmp_path: Path) -> None:
    save_sensitivity(RESULT, tmp_path / "s.json")
    assert load_sensitivity(tmp_path / "s.json") == RESULT
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "schema version 2"),
        ({"inputs": "64"}, "inputs: Input should be a valid integer"),
        ({"sed": 1}, "sed: Unexpected keyword argument"),
        ({"choices": 3}, "choices: Input should be a valid array"),
        ({"choices": [{"name": "x", "weights_of": ["a"], "input_of": []}]}, r"choices\.0\.formats: Field required"),
        (
            {"choices": [{"name": "x", "weights_of": ["a"], "input_of": [], "formats": {"dybit4": {"kl": 1, "k": 2}}}]},
            r"choices\.0\.formats\.dybit4\.k: Unexpected",
        ),
        (
            {"choices": [{"name": "x", "weights_of": ["a"], "input_of": [], "formats": {"dybit44": {"kl": 1}}}]},
            "dybit44",
        ),
    ],
)
def test_other_files_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(document(RESULT) | change))
    with pytest.raises(FileError, match=message) as caught:
        load_sensitivity(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"schema_version": 1, "inputs": NaN}'])
def test_what_is_no_such_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(content)
    with pytest.raises(FileError, match=r"s\.json: "):
        load_sensitivity(tmp_path / "s.json")
    with pytest.raises(FileError, match=r"missing\.json: cannot be read"):
        load_sensitivity(tmp_path / "missing.json")
