"""What a search finds, the limits that it keeps, and the error where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quant.allocation.problem import QUANTITIES, Assignment, Problem, Quantity
from quant.errors import DataError, QuantError

Limits = Mapping[Quantity, float]
"""Upper bounds, each inclusive: `{"cycles": 10_000, "average_bits": 4}`."""


class InfeasibleError(QuantError):
    """No assignment keeps the limits: the least that `quantity` can be, `best`, with those `under`, is above its limit.

    For the greedy search, which says `by` whom, `best` is the least that it came to.
    """

    def __init__(
        self, quantity: Quantity, limit: float, best: float, under: Limits | None = None, *, by: str = ""
    ) -> None:
        self.quantity, self.limit, self.best, self.under = quantity, limit, best, dict(under or {})
        others = ", ".join(f"{name} at most {_exact(other)}" for name, other in self.under.items())
        allowed = f"{_exact(best)} or more{f' by {by}' if by else ''}{f', with {others}' if others else ''}"
        super().__init__(f"{quantity} at most {_exact(limit)} cannot be reached", allowed)


@dataclass(frozen=True)
class Solution:
    """An assignment, what it comes to, and a `bound` that the `minimised` quantity cannot be below, if one is known."""

    assignment: Assignment
    cycles: int
    error: float
    size_bits: int
    average_bits: float
    minimised: Quantity
    bound: float | None = None

    @classmethod
    def of(cls, problem: Problem, assignment: Assignment, minimised: Quantity, bound: float | None = None) -> Solution:
        """The solution for an assignment; the bound is at most its value, whatever the solver's rounding."""
        value = problem.value(minimised, assignment)
        return cls(
            assignment,
            problem.cycles(assignment),
            problem.error(assignment),
            problem.size_bits(assignment),
            problem.average_bits(assignment),
            minimised,
            None if bound is None else min(bound, value),
        )

    @property
    def value(self) -> float:
        """Of the minimised quantity."""
        value: float = getattr(self, self.minimised)
        return value

    @property
    def gap(self) -> float | None:
        """(value - bound) / value: how far from the best possible it can be at most. None without a bound."""
        if self.bound is None:
            return None
        return (self.value - self.bound) / self.value if self.value else 0.0


def check_limits(limits: Limits) -> None:
    """Raise DataError for a limit on something unknown, or one that is not a number."""
    for quantity, limit in limits.items():
        if quantity not in QUANTITIES or limit != limit:
            raise DataError(f"limit {quantity} at most {limit}", f"numbers for {', '.join(QUANTITIES)}")


def unmet(problem: Problem, assignment: Assignment, limits: Limits, among: Iterable[Quantity] = QUANTITIES) -> Limits:
    """The limits that an assignment does not keep, in their order."""
    checked = [quantity for quantity in limits if quantity in among]
    return {name: limits[name] for name in checked if problem.value(name, assignment) > limits[name]}


def _exact(value: float) -> str:
    """Enough digits that the number, used as a limit, is met."""
    return f"{value:.0f}" if float(value).is_integer() else repr(float(value))
