"""What varies in a space: a name and its values, in the order in which the space is walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelsim.errors import InputError
from accelsim.explore.sweeps.space_file import Range

MAX_VALUES = 100_000  # of one axis
#: Sections of the hardware that the plan of a run does not read: machines that differ in these alone share a plan.
UNPLANNED = ("decoder", "dma")


@dataclass(frozen=True, slots=True)
class Axis:
    """One independent parameter: `hardware`, `bits` or a dotted path, and its values."""

    name: str
    values: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.values)


def values_of(given: list[Any] | Range, where: str) -> tuple[Any, ...]:
    """The values of a list or a range, in order; InputError for none, for one that is there twice, for too many."""
    values = tuple(given) if isinstance(given, list) else _walk(given, where)
    if not values:
        raise InputError(where, "no values", "a list, or {first: 8, last: 128, factor: 2}, or an expression '= rows'")
    for place, value in enumerate(values):
        if any(value == other and type(value) is type(other) for other in values[:place]):
            raise InputError(where, f"{value!r} is there twice", "every value once")
    return values


def _walk(given: Range, where: str) -> tuple[int | float, ...]:
    if (given.step is None) == (given.factor is None):
        raise InputError(where, "a range with both or neither of step and factor", "one of them")
    whole = isinstance(given.first, int) and float(given.step or given.factor or 0).is_integer()
    values: list[int | float] = []
    value: float = given.first
    while value <= given.last * (1 + 1e-12) and len(values) < MAX_VALUES:
        values.append(round(value) if whole else value)
        # From the first anew, so that rounding does not add up.
        value = given.first * given.factor ** len(values) if given.factor else given.first + given.step * len(values)  # type: ignore[operator]
        if values[-1] == value:
            break
    if len(values) == MAX_VALUES:
        raise InputError(where, f"a range of {MAX_VALUES} values or more", "a larger step or factor")
    return tuple(values)


def plan_first(axes: list[Axis]) -> tuple[Axis, ...]:
    """The axes in the order of a walk, the last one changing fastest: those that plans do not read come last.

    So neighbours in the grid share their plan, and those before them their baseline.
    """

    def rank(axis: Axis) -> int:
        if axis.name == "bits":
            return 1
        return 2 if axis.name.partition(".")[0] in UNPLANNED else 0

    return tuple(sorted(axes, key=rank))
