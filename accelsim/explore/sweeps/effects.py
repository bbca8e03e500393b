"""Which knob matters: shares of the variance of a response that parameters and pairs of them explain.

The analysis of variance of a factorial design: a parameter's share is the variance of the response's means over its
values; a pair's is that of the means over both, without the shares of the two. On a full grid the shares of all
subsets add up to one (each is a projection onto a subspace at right angles to the others). On a sample, and where
conditions leave holes, values are not balanced and shares are approximate: they may overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Effect:
    """One parameter or a pair, and its share of the variance, 0 to 1."""

    parameters: tuple[str, ...]
    share: float


def effects(response: Sequence[float], settings: Mapping[str, Sequence[Any]]) -> list[Effect]:
    """Shares of every parameter that varies and of every pair, largest first.

    `settings` has the value of each parameter for each response. Empty where the response does not vary.
    """
    values = np.array(response, dtype=np.float64)
    variance = float(values.var()) if len(values) else 0.0
    codes = {name: _codes(column) for name, column in settings.items()}
    codes = {name: code for name, code in codes.items() if code.max(initial=0) > 0}
    if variance == 0.0:
        return []
    main = {name: _explained(values, code) / variance for name, code in codes.items()}
    found = [Effect((name,), share) for name, share in main.items()]
    for first, second in combinations(codes, 2):
        both = codes[first] * (codes[second].max() + 1) + codes[second]
        share = _explained(values, both) / variance - main[first] - main[second]
        found.append(Effect((first, second), max(0.0, share)))
    return sorted(found, key=lambda effect: -effect.share)


def _codes(column: Sequence[Any]) -> NDArray[np.intp]:
    """A number for each different value, in the order of appearance."""
    places: dict[str, int] = {}
    return np.array([places.setdefault(repr(value), len(places)) for value in column], dtype=np.intp)


def _explained(values: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    """The variance of the means of the groups, each point counted with its group's mean."""
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    return float(means[codes].var())
