"""The greedy and the exact search on the example of docs/allocation.md, and what they say of targets out of reach."""

from __future__ import annotations

import os
import re
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.allocation_front import resnet50
from quant.allocation import exact, greedy
from quant.allocation.front import front
from quant.allocation.problem import Choice, Layer, Problem, Quantity
from quant.allocation.quiet import quiet_stdout
from quant.allocation.solution import InfeasibleError, Limits
from quant.errors import DataError, QuantError
from tests.unit.allocation_example import CANDIDATES
from tests.unit.allocation_example import example as page_example

PAGE = (Path(__file__).parents[2] / "docs" / "allocation.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example() -> Problem:
    return page_example()


def widths(assignment: tuple[int, ...]) -> str:
    return "".join("84"[k] for k in assignment)


def test_the_program_of_the_page_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    printed = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    exec(compile(program, "docs/allocation.md", "exec"), {})
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("quantity", "limits", "best", "stepwise"),
    [
        ("error", {"cycles": 60}, "484", "444"),
        ("error", {"cycles": 130}, "888", "888"),
        ("cycles", {"error": 5}, "484", "448"),
        ("error", {"average_bits": 5, "cycles": 80}, "448", "448"),
        ("error", {"size_bits": 2000}, "848", "848"),  # bits for error: b 1200 / 1.5, a 400 / 1, x none
        ("cycles", {"error": 6.5}, "444", "444"),
    ],
)
def test_both_searches_on_the_example(
    example: Problem, quantity: Quantity, limits: Limits, best: str, stepwise: str
) -> None:
    found = exact.minimise(example, quantity, limits)
    assert (widths(found.assignment), found.bound, found.gap) == (best, pytest.approx(found.value), pytest.approx(0))
    assert widths(greedy.minimise(example, quantity, limits).assignment) == stepwise


def test_several_at_once_stop_at_the_target(example: Problem) -> None:
    """First ranking: a (40 / 1), x (60 / 4), b (20 / 1.5). Two at once lowers a and x, which is one too many for 90."""
    assert widths(greedy.minimise(example, "error", {"cycles": 90}, at_once=2).assignment) == "488"
    assert widths(greedy.minimise(example, "error", {"cycles": 50}, at_once=2).assignment) == "484"


def test_a_lowering_that_gains_nothing_may_open_the_way() -> None:
    """Cycles fall only when weights and input are both narrow."""
    choices = (Choice.of("w", CANDIDATES, (0, 1), weights=1), Choice.of("x", CANDIDATES, (0, 2)))
    problem = Problem(choices, (Layer("a", "w", "x", np.array([[8, 8], [8, 4]])),))
    assert greedy.minimise(problem, "error", {"cycles": 4}).assignment == (1, 1)
    assert greedy.minimise(problem, "cycles", {"error": 2}).assignment == (0, 0)  # not (1, 0): no faster, more error


@pytest.mark.parametrize(
    ("limits", "quantity", "best", "message"),
    [
        ({"cycles": 30}, "cycles", 40, r"cycles at most 30 cannot be reached \(allowed: 40 or more"),
        ({"average_bits": 3.5}, "average_bits", 4, r"average_bits at most 3.5 .*4 or more"),
        ({"cycles": 50, "error": 4}, "cycles", 70, r"70 or more, with error at most 4\)"),
        ({"cycles": 999, "average_bits": 4, "error": 2}, "average_bits", 5, r"5 or more, with error at most 2\)"),
    ],
)
def test_targets_out_of_reach(example: Problem, limits: Limits, quantity: Quantity, best: float, message: str) -> None:
    with pytest.raises(InfeasibleError) as caught:
        exact.minimise(example, "error", limits)
    assert (caught.value.quantity, caught.value.limit, caught.value.best) == (quantity, limits[quantity], best)
    assert re.search(message, str(caught.value))
    with pytest.raises(InfeasibleError, match="by the greedy search"):
        greedy.minimise(example, "error", limits)


def test_what_is_best_reachable_is_a_limit_that_can_be_kept(example: Problem) -> None:
    noisy = Problem(
        (Choice.of("w", CANDIDATES, (0.1, 0.3), weights=1), Choice.of("x", CANDIDATES, (0.2, 0.7))),
        (Layer("a", "w", "x", np.array([[8, 4], [4, 2]])),),
    )
    with pytest.raises(InfeasibleError) as caught:
        exact.minimise(noisy, "cycles", {"error": 0.3})  # 0.1 + 0.2 is a little more in binary
    assert caught.value.best == 0.1 + 0.2
    assert exact.minimise(noisy, "cycles", {"error": caught.value.best}).assignment == (0, 0)


def test_the_front_of_the_example(example: Problem) -> None:
    assert [widths(point.assignment) for point in front(example)] == ["444", "484", "448", "488", "888"]
    assert [widths(point.assignment) for point in front(example, limits={"error": 5, "cycles": 80})] == ["484", "448"]
    assert [widths(point.assignment) for point in front(example, 2)] == ["444", "888"]


def test_layers_without_a_choice_left(example: Problem) -> None:
    one = Problem((Choice.of("x", ("int8",), (0.5,)),), (Layer("square", "x", "x", np.array([[7]])),), overhead=1)
    for method in (greedy, exact):
        found = method.minimise(one, "error", {"cycles": 8})
        assert (found.cycles, found.error, found.average_bits) == (8, 0.5, 0.0)
    assert len(front(one)) == 1


def test_wrong_questions(example: Problem) -> None:
    with pytest.raises(DataError, match="limit cycle at most"):
        exact.minimise(example, "error", {"cycle": 3})  # type: ignore[dict-item]
    with pytest.raises(DataError, match="limit cycles at most nan"):
        greedy.minimise(example, "error", {"cycles": float("nan")})
    with pytest.raises(DataError, match="error or cycles"):
        greedy.minimise(example, "size_bits")
    with pytest.raises(DataError, match="1 or more at once"):
        greedy.minimise(example, "error", at_once=0)
    with pytest.raises(DataError, match="2 or more"):
        front(example, 1)


def test_no_time_is_said_so() -> None:
    rng = np.random.default_rng(0)
    choices = tuple(Choice.of(f"x{k}", CANDIDATES, np.sort(rng.random(2))) for k in range(40))
    layers = tuple(Layer(f"{k}", f"x{k}", f"x{(k * 7 + 1) % 40}", rng.integers(1, 1000, (2, 2))) for k in range(40))
    problem = Problem(choices, layers)
    middle = exact.minimise(problem, "cycles").cycles * 1.2
    with pytest.raises(QuantError, match="a longer time limit"):
        exact.minimise(problem, "error", {"cycles": middle}, time_limit_s=0)


def test_standard_output_is_kept_clean(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stdout():
        os.write(1, b"from compiled code")
    os.write(1, b"after")
    assert capfd.readouterr().out == "after"


def test_the_front_of_a_problem_of_the_shape_of_resnet50() -> None:
    """54 layers, 54 weights, 50 tensors, both branches of a block on one tensor; greedy is nowhere below the front."""
    problem = resnet50()
    assert (len(problem.layers), len(problem.choices)) == (54, 104)
    start = time.process_time()
    points = front(problem)
    assert time.process_time() - start < 10
    assert len(points) >= 20
    assert max(point.gap or 0.0 for point in points) <= exact.RELATIVE_GAP
    assert all(a.cycles < b.cycles and a.error > b.error for a, b in pairwise(points))
    stepwise = [greedy.minimise(problem, "error", {"cycles": point.cycles}) for point in points[::4]]
    assert all(found.error >= point.error for found, point in zip(stepwise, points[::4], strict=True))
    assert any(found.error > point.error for found, point in zip(stepwise, points[::4], strict=True))
