"""The worked example of docs/allocation.md, which the tests of the problem and of the searches share."""

import numpy as np

from quant.allocation.problem import Choice, Layer, Problem

CANDIDATES = ("dybit8", "dybit4")


def example() -> Problem:
    """The example of docs/allocation.md."""
    choices = (
        Choice.of("a.weights", CANDIDATES, (0, 1), weights=100),
        Choice.of("b.weights", CANDIDATES, (0, 1.5), weights=300),
        Choice.of("x", CANDIDATES, (0, 4)),
    )
    layers = (
        Layer("a", "a.weights", "x", np.array([[80, 40], [40, 20]])),
        Layer("b", "b.weights", "x", np.array([[40, 20], [20, 10]])),
    )
    return Problem(choices, layers, overhead=10)
