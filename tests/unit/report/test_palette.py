"""One colour for each thing, wherever it is shown."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest

from accelsim.report.palette import (
    BOUND_COLOURS,
    BOUND_LABELS,
    BOUND_MARKERS,
    CAUSE_COLOURS,
    initiator_colour,
)
from accelsim.result import CAUSES, Bound

ENGINES = ("weight", "input", "output")


def test_every_cause_and_bound_has_a_place() -> None:
    assert tuple(CAUSE_COLOURS) == CAUSES
    for table in (BOUND_COLOURS, BOUND_LABELS, BOUND_MARKERS):
        assert set(table) == set(get_args(Bound))


@pytest.mark.parametrize(
    "colours",
    [list(CAUSE_COLOURS.values()), list(BOUND_COLOURS.values()), [initiator_colour(name) for name in ENGINES]],
)
def test_colours_of_one_figure_are_far_apart(colours: list[str]) -> None:
    """At least a fifth of the way from none to full in one of red, green and blue."""
    for one, other in combinations(colours, 2):
        channels = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
        assert max(abs(a - b) for a, b in channels) >= 51, (one, other)


def test_a_wait_has_the_colour_of_the_engine_it_waits_for() -> None:
    assert initiator_colour("weight") == CAUSE_COLOURS["wait_weights"]
    assert initiator_colour("input") == CAUSE_COLOURS["wait_inputs"]
    assert initiator_colour("output") == CAUSE_COLOURS["wait_output_space"]
    assert initiator_colour("somebody") == CAUSE_COLOURS["idle"]
