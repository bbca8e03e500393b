"""Searches pick designs of the space, each once, the same for the same seed; the closed form ranks sensibly."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim import explore
from accelsim.analytic.estimate import estimated_run_cycles
from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.explore.sweeps.prepass import misordered
from accelsim.explore.sweeps.search import candidates, most_candidates
from accelsim.explore.sweeps.space import Space, load_space
from accelsim.explore.sweeps.table import identity
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from tests.unit.sweeps import SPACE, WITH_FAILURES, write_space


def space_with(folder: Path, search: str, text: str = WITH_FAILURES) -> Space:
    return load_space(write_space(folder, f"{text}search: {{{search}}}\n"))


@pytest.mark.parametrize("method", ["random", "lhs", "sobol"])
def test_samples_are_different_designs_of_the_space(method: str, tmp_path: Path) -> None:
    space = space_with(tmp_path, f"method: {method}, points: 20, seed: 3")
    drawn = list(map(identity, candidates(space)))
    assert len(drawn) == len(set(drawn)) == most_candidates(space) == 20
    assert set(drawn) <= set(map(identity, space.grid()))
    assert drawn == list(map(identity, candidates(space)))
    other = space_with(tmp_path, f"method: {method}, points: 20, seed: 4")
    assert drawn != list(map(identity, candidates(other)))


@pytest.mark.parametrize("method", ["random", "lhs", "sobol"])
def test_a_sample_of_all_is_all_that_meets_the_conditions(method: str, tmp_path: Path) -> None:
    space = space_with(tmp_path, f"method: {method}, points: 1000", SPACE)
    assert set(map(identity, candidates(space))) == set(map(identity, space.grid()))


def test_a_latin_hypercube_has_every_value_equally_often(tmp_path: Path) -> None:
    """12 points of 4 x 4 x 3 values: each value of an axis 3 or 4 times, but for designs drawn twice."""
    space = space_with(tmp_path, "method: lhs, points: 12, seed: 1")
    rows = [candidate.values["array.rows"] for candidate in candidates(space)]
    assert {value: rows.count(value) for value in (4, 8, 16, 32)} == pytest.approx(
        dict.fromkeys((4, 8, 16, 32), 3), abs=1
    )


def test_points_limit_a_grid(tmp_path: Path) -> None:
    space = space_with(tmp_path, "points: 5")
    assert [*map(identity, candidates(space))] == [*map(identity, space.grid())][:5]


@pytest.mark.parametrize("method", ["nsga2", "optuna"])
def test_searches_that_learn_stay_in_the_space_and_repeat_themselves(method: str, tmp_path: Path) -> None:
    """They find the fastest design of the 36 that run, which the grid knows (with most seeds, and with this one)."""
    space = space_with(tmp_path, f"method: {method}, points: 40, population: 8, seed: 3")
    first, second = (explore.sweep(space, executor="serial") for _ in range(2))
    assert len(first.rows) <= 40
    assert [row.key for row in first.rows] == [row.key for row in second.rows]
    grid = explore.sweep(write_space(tmp_path, WITH_FAILURES), executor="serial")
    assert {row.key for row in first.rows} <= {row.key for row in grid.rows}
    assert first.best(1)[0].speedup == pytest.approx(grid.best(1)[0].speedup, rel=0.05)


ONE_LAYER = """
name: one
input: {name: image, shape: [64, 4, 4]}
layers:
- {name: a, kind: conv2d, input: image, out_channels: 64, kernel: 1, post: [bias]}
"""


def test_the_closed_form_by_hand() -> None:
    """docs/sweep.md: the array's 206 cycles at w4a4, or 4,096 + 2 * 1,024 codes, and the FP32 result, over 2 bytes."""
    workload = parse_workload(ONE_LAYER)
    hardware = load_hardware("zcu102")
    precision = resolve_precision(workload, "w4a4")
    assert estimated_run_cycles(workload, hardware, precision, bytes_per_cycle=1e9) == 206
    moved = (4096 + 1024) // 2 + 1024 * 4
    assert estimated_run_cycles(workload, hardware, precision, bytes_per_cycle=2.0) == moved / 2
    slow = load_hardware("zcu102", ["decoder.lanes=1"])
    # 16 pixels x 64 reduction, once per fold of 64 outputs, two codes of 4 bits a word, one lane; then the weights.
    assert estimated_run_cycles(workload, slow, precision, bytes_per_cycle=1e9) == 2 + 4096 // 2


def test_keep_simulates_the_promising_share(tmp_path: Path) -> None:
    """Of 48 designs a quarter; the fastest of all is among them, since its estimate is, too."""
    kept = explore.sweep(space_with(tmp_path, "keep: 0.25"), executor="serial")
    assert len(kept.rows) == 12
    assert kept.misordered is not None
    assert 0 <= kept.misordered <= 1


def test_misordered_pairs() -> None:
    """Of (1, 2, 3) against (1, 3, 2) one pair of three is wrong; equal ones do not count."""
    assert misordered([1, 2, 3], [1, 3, 2]) == pytest.approx(1 / 3)
    assert misordered([1, 1, 2], [5, 4, 6]) == 0.0
    assert misordered([1, 1], [1, 2]) == 0.0


def test_keep_is_for_methods_that_do_not_learn(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not with nsga2"):
        space_with(tmp_path, "method: nsga2, keep: 0.5")


def test_a_wrong_method_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'sobol'"):
        space_with(tmp_path, "method: soboll")
