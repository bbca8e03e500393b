"""The allocation problem: what an assignment comes to, formats in and out, restrictions, and what is wrong said so."""

from __future__ import annotations

import numpy as np
import pytest

from quant.allocation.file import LayerFormats
from quant.allocation.problem import Choice, Layer, Problem, Quantity
from quant.allocation.restrict import merged, pinned, weight_only
from quant.errors import DataError
from tests.unit.allocation_example import CANDIDATES, example


@pytest.mark.parametrize(
    ("widths", "cycles", "error", "average_bits"),
    [
        ("888", 130, 0, 8),
        ("488", 90, 1, 7),
        ("848", 110, 1.5, 5),
        ("448", 70, 2.5, 4),
        ("884", 70, 4, 8),
        ("484", 50, 5, 7),
        ("844", 60, 5.5, 5),
        ("444", 40, 6.5, 4),
    ],
)
def test_the_table_of_the_page(widths: str, cycles: int, error: float, average_bits: float) -> None:
    problem = example()
    assignment = tuple("84".index(width) for width in widths)
    found = [problem.value(name, assignment) for name in ("cycles", "error", "average_bits", "size_bits")]
    assert found == [cycles, error, average_bits, average_bits * 400]
    a, b, x = (f"dybit{width}" for width in widths)
    formats = {"a": LayerFormats(a, x), "b": LayerFormats(b, x)}
    assert problem.formats(assignment) == formats
    assert problem.assignment(formats) == assignment


def test_a_choice_weighs_its_noise_and_counts_the_scales_of_blocks() -> None:
    choice = Choice.of("w", ("int8", "mxfp4"), (0.25, 0.5), sensitivity=3, weights=33)
    assert choice.errors == (0.75, 1.5)
    assert choice.bits == (33 * 8, 33 * 4 + 2 * 8)  # two blocks of up to 32, a scale of 8 bits each


def test_readers_that_disagree_are_both_named() -> None:
    formats = {"a": LayerFormats("dybit8", "dybit8"), "b": LayerFormats("dybit8", "dybit4", where="mix.yaml:2")}
    with pytest.raises(DataError, match=r"mix.yaml:2: x is dybit8 for a, dybit4 for b"):
        example().assignment(formats)


def test_formats_that_are_no_candidates_and_layers_that_are_missing() -> None:
    with pytest.raises(DataError, match=r"a.weights: int8 is no candidate.*dybit8, dybit4"):
        example().assignment({"a": LayerFormats("int8", "dybit8"), "b": LayerFormats("dybit8", "dybit8")})
    with pytest.raises(DataError, match="no formats for b"):
        example().assignment({"a": LayerFormats("dybit8", "dybit8")})


def test_a_pin_leaves_one_candidate() -> None:
    problem = pinned(example(), {"x": "dybit4"})
    assert problem.choices[2] == Choice("x", ("dybit4",), (4.0,), (0,))
    assert problem.cycles((0, 1, 0)) == example().cycles((0, 1, 1)) == 60


def test_weight_only_leaves_the_weights_and_pins_alone() -> None:
    problem = weight_only(pinned(example(), {"x": "dybit4"}), "dybit8")
    assert [choice.formats for choice in problem.choices] == [CANDIDATES, CANDIDATES, ("dybit4",)]
    assert weight_only(example(), "dybit8").choices[2].formats == ("dybit8",)


def test_merged_choices_have_one_format() -> None:
    problem = merged(example(), [("a.weights", "b.weights")])
    assert problem.choices[0] == Choice("a.weights", CANDIDATES, (0.0, 2.5), (3200, 1600), 400)
    for weights in (0, 1):
        for x in (0, 1):
            alone, together = example(), (weights, weights, x)
            quantities: tuple[Quantity, ...] = ("cycles", "error", "size_bits", "average_bits")
            for name in quantities:
                assert problem.value(name, (weights, x)) == alone.value(name, together)
    assert problem.formats((1, 0))["b"] == LayerFormats("dybit4", "dybit8")


def test_merged_choices_keep_the_candidates_that_all_have() -> None:
    narrow = pinned(example(), {"b.weights": "dybit4"})
    problem = merged(narrow, [("a.weights", "b.weights")])
    assert problem.choices[0] == Choice("a.weights", ("dybit4",), (2.5,), (1600,), 400)
    assert problem.cycles((0, 0)) == 70
    with pytest.raises(DataError, match="no candidate in common"):
        merged(pinned(narrow, {"a.weights": "dybit8"}), [("a.weights", "b.weights")])
    with pytest.raises(DataError, match="x is in a group twice"):
        merged(example(), [("x", "a.weights"), ("x",)])


CHOICES = example().choices
LAYERS = example().layers


@pytest.mark.parametrize(
    ("choices", "layers", "overhead", "message"),
    [
        (CHOICES + CHOICES[:1], LAYERS, 0, "choice a.weights is there twice"),
        (CHOICES, LAYERS + LAYERS[:1], 0, "layer a is there twice"),
        (CHOICES[:2], LAYERS, 0, "layer a reads x, which is no choice"),
        (CHOICES, LAYERS[:1], 0, "no layer reads choice b.weights"),
        (CHOICES, (*LAYERS, Layer("c", "x", "x", np.array([[1]]))), 0, r"c: cycles of shape \(1, 1\) .*\(2, 2\)"),
        (CHOICES, LAYERS, -1, "overhead of -1"),
    ],
)
def test_problems_that_do_not_fit_together(
    choices: tuple[Choice, ...], layers: tuple[Layer, ...], overhead: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Problem(choices, layers, overhead)


@pytest.mark.parametrize("cycles", [[[1.5]], [[-1]], [1]])
def test_cycles_are_a_matrix_of_integers(cycles: list[object]) -> None:
    with pytest.raises(DataError, match="a matrix of integers from 0"):
        Layer("a", "w", "x", np.array(cycles))


@pytest.mark.parametrize(
    ("formats", "errors", "message"),
    [
        ((), (), "one format or more"),
        (("int8", "int8"), (0, 0), "each once"),
        (("int8",), (0, 1), "one for each format"),
        (("int8",), (float("nan"),), "finite numbers"),
        (("int8",), (-1,), "finite numbers"),
    ],
)
def test_choices_that_do_not_fit_together(formats: tuple[str, ...], errors: tuple[float, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Choice.of("w", formats, errors)


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"a.weight in .*did you mean 'a.weights'"):
        pinned(example(), {"a.weight": "dybit4"})
    with pytest.raises(DataError, match=r"quantity 'cycle'"):
        example().value("cycle", (0, 0, 0))  # type: ignore[arg-type]
