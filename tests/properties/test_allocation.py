"""The searches of quant.allocation against all assignments of small random networks."""

from __future__ import annotations

import math
from itertools import pairwise, product
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.allocation import blocks, exact, greedy
from quant.allocation.front import front
from quant.allocation.problem import QUANTITIES, Assignment, Choice, Layer, Problem, Quantity
from quant.allocation.restrict import merged
from quant.allocation.solution import InfeasibleError, Limits

FORMATS = ("dybit8", "dybit4", "dybit2")
CLOSE = 1e-6
LARGEST_BLOCKS = st.sampled_from([1, 9, 30, 1000])  # 1: every choice by itself, and pair variables for every layer


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to 4 layers on up to 3 tensors, which they share; some are matmuls, some choices pinned, error often equal."""
    tensors = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    coarse = draw(st.booleans())
    choices: dict[str, Choice] = {}

    def choice(name: str, weights: int) -> Choice:
        if name not in choices:
            formats = FORMATS[: rng.integers(1, 4)]
            noise = np.sort(rng.integers(0, 4, 3) if coarse else rng.lognormal(0, 2, 3))[: len(formats)]
            choices[name] = Choice.of(name, formats, noise.tolist(), weights=weights)
        return choices[name]

    layers = []
    for index in range(draw(st.integers(1, 4))):
        second = choice(f"x{rng.integers(tensors)}", 0)
        matmul = rng.random() < 0.3
        first = (
            choice(f"x{rng.integers(tensors)}", 0) if matmul else choice(f"{index}.weights", int(rng.integers(1, 9)))
        )
        shape = (len(first.formats), len(second.formats))
        cycles = rng.integers(0, 6, shape) if coarse else rng.integers(0, 10**7, shape)
        layers.append(Layer(f"{index}", first.name, second.name, cycles))
    return Problem(tuple(choices.values()), tuple(layers), int(rng.integers(0, 10)))


def everything(problem: Problem) -> list[Assignment]:
    return list(product(*(range(len(choice.formats)) for choice in problem.choices)))


def keeps(problem: Problem, assignment: Assignment, limits: Limits) -> bool:
    return all(problem.value(name, assignment) <= limit for name, limit in limits.items())


@st.composite
def questions(draw: st.DrawFn) -> tuple[Problem, Quantity, Limits]:
    """A problem, what is minimised, and limits that are values of some assignments: none, or several at once."""
    problem = draw(problems())
    every = everything(problem)
    names = draw(st.lists(st.sampled_from(QUANTITIES), max_size=3, unique=True))
    limits: Limits = {name: problem.value(name, draw(st.sampled_from(every))) for name in names}
    return problem, draw(st.sampled_from(QUANTITIES)), limits


def check_best_reachable(problem: Problem, limits: Limits, error: InfeasibleError) -> None:
    """It is one of the limits, and the best is that of all assignments which keep the other limits that it names."""
    assert error.under.items() <= limits.items()
    assert limits[error.quantity] == error.limit
    reachable = [each for each in everything(problem) if keeps(problem, each, error.under)]
    assert error.best == min(problem.value(error.quantity, each) for each in reachable) > error.limit


@given(questions(), LARGEST_BLOCKS)
@settings(deadline=None, max_examples=150)
def test_exact_is_the_best_of_all(question: tuple[Problem, Quantity, Limits], largest_block: int) -> None:
    problem, quantity, limits = question
    values = [problem.value(quantity, each) for each in everything(problem) if keeps(problem, each, limits)]
    with mock.patch.object(blocks, "LARGEST_BLOCK", largest_block):
        if not values:
            with pytest.raises(InfeasibleError) as caught:
                exact.minimise(problem, quantity, limits)
            check_best_reachable(problem, limits, caught.value)
            return
        found = exact.minimise(problem, quantity, limits)
        assert keeps(problem, found.assignment, limits)
        assert math.isclose(found.value, min(values), rel_tol=CLOSE)
        assert found.bound is not None
        assert found.bound <= min(values) * (1 + CLOSE)
        assert found.gap is not None
        assert 0 <= found.gap <= CLOSE
        assert exact.minimise(problem, quantity, limits) == found


@given(questions(), st.sampled_from(["error", "cycles"]), st.integers(1, 3))
@settings(deadline=None, max_examples=100)
def test_greedy_keeps_limits_and_never_beats_exact(
    question: tuple[Problem, Quantity, Limits], quantity: Quantity, at_once: int
) -> None:
    problem, _, limits = question
    try:
        found = greedy.minimise(problem, quantity, limits, at_once=at_once)
    except InfeasibleError:
        return
    assert keeps(problem, found.assignment, limits)
    assert greedy.minimise(problem, quantity, limits, at_once=at_once) == found
    assert exact.minimise(problem, quantity, limits).value <= found.value * (1 + CLOSE)


@given(problems(), st.sampled_from(["error", "cycles"]), st.data())
@settings(deadline=None, max_examples=60)
def test_greedy_reaches_what_the_narrowest_reach(problem: Problem, quantity: Quantity, data: st.DataObject) -> None:
    """With one limit that the start (error) or the end of the way down (cycles) keeps, it finds something."""
    start, end = everything(problem)[0], everything(problem)[-1]
    limits: Limits = {"cycles": problem.cycles(end)} if quantity == "error" else {"error": problem.error(start)}
    assert keeps(problem, greedy.minimise(problem, quantity, limits).assignment, limits)


@given(problems(), st.sampled_from([2, 5, 24]), LARGEST_BLOCKS)
@settings(deadline=None, max_examples=40)
def test_points_of_the_front_are_optimal_and_in_order(problem: Problem, points: int, largest_block: int) -> None:
    every = [(problem.cycles(each), problem.error(each)) for each in everything(problem)]
    with mock.patch.object(blocks, "LARGEST_BLOCK", largest_block):
        found = front(problem, points)
    assert 1 <= len(found) <= points
    for point in found:
        assert (point.cycles, point.error) == (problem.cycles(point.assignment), problem.error(point.assignment))
        least = min(error for cycles, error in every if cycles <= point.cycles)
        assert math.isclose(point.error, least, rel_tol=CLOSE)
    for faster, slower in pairwise(found):
        assert faster.cycles < slower.cycles
        assert faster.error > slower.error
    assert found[0].cycles == min(cycles for cycles, _ in every)
    assert math.isclose(found[-1].error, min(error for _, error in every), rel_tol=CLOSE)


@given(problems(), st.data())
@settings(deadline=None, max_examples=40)
def test_merging_is_the_same_as_asking_for_equal_formats(problem: Problem, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(problem.place)), min_size=1, max_size=3, unique=True))
    places = [problem.place[name] for name in names]
    equal = [
        each
        for each in everything(problem)
        if len({problem.choices[place].formats[each[place]] for place in places}) == 1
    ]
    together = merged(problem, [names])
    expected = sorted((problem.cycles(each), problem.error(each), problem.size_bits(each)) for each in equal)
    found = sorted((together.cycles(a), together.error(a), together.size_bits(a)) for a in everything(together))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
