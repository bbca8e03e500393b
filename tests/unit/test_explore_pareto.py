"""Pareto fronts by definition, hypervolume by hand, and the analysis of variance of responses made to order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.explore.sweeps.effects import effects
from accelsim.explore.sweeps.pareto import costs, fronts, hypervolume, nondominated

points = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=30)


@given(points)
def test_the_front_is_what_no_other_point_beats(drawn: list[tuple[int, ...]]) -> None:
    """By the definition, pair by pair."""

    def beats(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
        return all(a <= b for a, b in zip(first, second, strict=True)) and first != second

    expected = {i for i, point in enumerate(drawn) if not any(beats(other, point) for other in drawn)}
    assert set(nondominated(np.array(drawn, dtype=float)).tolist()) == expected


@given(points)
def test_fronts_come_one_after_the_other(drawn: list[tuple[int, ...]]) -> None:
    array = np.array(drawn, dtype=float)
    order = fronts(array, len(drawn))
    assert sorted(order) == list(range(len(drawn)))
    first = nondominated(array)
    assert sorted(order[: len(first)]) == sorted(first.tolist())


def test_more_speedup_is_better_and_less_of_all_else() -> None:
    turned = costs([[2.0, 1.0], [3.0, 2.0], [1.0, 3.0]], ["speedup", "error"])
    assert nondominated(turned).tolist() == [1, 0]


def test_hypervolume_of_a_staircase() -> None:
    """In the unit box: (0, 1), (1, 0) span it and add nothing, (0.5, 0.5) dominates a quarter."""
    assert hypervolume(np.array([[0.0, 1.0], [1.0, 0.0]])) == 0.0
    assert hypervolume(np.array([[0.0, 4.0], [2.0, 2.0], [4.0, 0.0]])) == pytest.approx(0.25)
    assert hypervolume(np.array([[1.0, 1.0], [1.0, 2.0]])) == 0.0


def grid(response: str) -> dict[tuple[str, ...], float]:
    """Shares for a = 0, 1, 2 and b = 0, 1."""
    table = list(itertools.product((0, 1, 2), (0, 1)))
    values = [float(eval(response, {}, {"a": a, "b": b})) for a, b in table]
    found = effects(values, {"a": [a for a, _ in table], "b": [b for _, b in table], "c": [7] * 6})
    return {effect.parameters: effect.share for effect in found}


def test_a_sum_has_main_effects_alone() -> None:
    """Var(a) = 2/3, Var(3b) = 9/4, independent: shares 8/35 and 27/35."""
    shares = grid("a + 3 * b")
    assert shares[("a",)] == pytest.approx(8 / 35)
    assert shares[("b",)] == pytest.approx(27 / 35)
    assert shares[("a", "b")] == pytest.approx(0.0, abs=1e-12)


def test_a_product_of_centred_factors_is_interaction_alone() -> None:
    shares = grid("(a - 1) * (2 * b - 1)")
    assert shares[("a", "b")] == pytest.approx(1.0)
    assert shares[("a",)] == pytest.approx(0.0, abs=1e-12)


def test_what_does_not_vary_explains_nothing() -> None:
    assert grid("5") == {}
    assert all("c" not in parameters for parameters in grid("a"))
