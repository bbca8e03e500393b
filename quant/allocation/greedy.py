"""The two strategies that lower widths step by step. `docs/allocation.md` says which part is the paper's.

Source: the abstract of arXiv 2302.12510, and this project's reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from quant.allocation.problem import Assignment, Problem, Quantity
from quant.allocation.solution import InfeasibleError, Limits, Solution, check_limits, unmet
from quant.errors import DataError


def minimise(problem: Problem, quantity: Quantity, limits: Limits | None = None, *, at_once: int = 1) -> Solution:
    """An assignment of small error that keeps the limits (`quantity` "error"), or a fast one ("cycles").

    `at_once` choices are lowered between two rankings. Raises InfeasibleError with what the search came to, DataError
    for another quantity, for limits as `check_limits`, and for `at_once` below 1.
    """
    limits = limits or {}
    check_limits(limits)
    if quantity not in ("error", "cycles") or at_once < 1:
        raise DataError(f"greedy search for {quantity}, {at_once} at once", "error or cycles, 1 or more at once")
    search = _speedup_constrained if quantity == "error" else _error_constrained
    return Solution.of(problem, search(problem, limits, at_once), quantity)


def _speedup_constrained(problem: Problem, limits: Limits, at_once: int) -> Assignment:
    """The first assignment on the way down that keeps the limits, that on the error apart, which is looked at last."""
    targets: Limits = {name: limit for name, limit in limits.items() if name != "error"}
    seen = []
    for assignment in _descent(problem, targets, math.inf, at_once):
        seen.append(assignment)
        if not unmet(problem, assignment, targets):
            break
    _raise_unless_met(problem, seen if unmet(problem, seen[-1], targets) else seen[-1:], limits)
    return seen[-1]


def _error_constrained(problem: Problem, limits: Limits, at_once: int) -> Assignment:
    """The fastest assignment on the way down, and of these the one of least error, that keeps the limits."""
    seen = list(_descent(problem, {}, limits.get("error", math.inf), at_once))
    _raise_unless_met(problem, seen, limits)
    kept = [assignment for assignment in seen if not unmet(problem, assignment, limits)]
    return min(kept, key=lambda assignment: (problem.cycles(assignment), problem.error(assignment)))


def _descent(problem: Problem, targets: Limits, largest_error: float, at_once: int) -> Iterator[Assignment]:
    """Assignments, each with one choice lowered by one candidate, from the widest to the last that the error allows."""
    assignment: Assignment = (0,) * len(problem.choices)
    yield assignment
    open_choices = {place for place, choice in enumerate(problem.choices) if len(choice.formats) > 1}
    while open_choices:
        missing = unmet(problem, assignment, targets)
        ranked = _ranked(problem, assignment, next(iter(missing), "cycles"), sorted(open_choices))
        for place in ranked[:at_once]:
            lower = _lowered(assignment, place)
            if problem.error(lower) > largest_error:
                open_choices.remove(place)
                continue
            assignment = lower
            yield assignment
            if assignment[place] == len(problem.choices[place].formats) - 1:
                open_choices.remove(place)


def _ranked(problem: Problem, assignment: Assignment, gained: Quantity, places: list[int]) -> list[int]:
    """The choices, the one with the largest gain for the error that its lowering adds first."""

    now = problem.value(gained, assignment)

    def rank(place: int) -> tuple[float, float]:
        lower, choice = _lowered(assignment, place), problem.choices[place]
        gain = now - problem.value(gained, lower)
        added = choice.errors[lower[place]] - choice.errors[assignment[place]]
        ratio = gain / added if added > 0 else math.copysign(math.inf, gain) if gain else 0.0
        return -ratio, added

    return sorted(places, key=rank)


def _lowered(assignment: Assignment, place: int) -> Assignment:
    return (*assignment[:place], assignment[place] + 1, *assignment[place + 1 :])


def _raise_unless_met(problem: Problem, seen: list[Assignment], limits: Limits) -> None:
    """Raise InfeasibleError unless one of the assignments keeps all limits, with the best of the first in the way."""
    left = seen
    for name, limit in limits.items():
        best = min(problem.value(name, assignment) for assignment in left)
        if best > limit:
            raise InfeasibleError(name, limit, best, by="the greedy search")
        left = [assignment for assignment in left if problem.value(name, assignment) <= limit]
