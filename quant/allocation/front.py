"""The whole trade of cycles against error: the best assignment for each of many cycle limits.

See `docs/allocation.md`, "Exact".
"""

from __future__ import annotations

import math

import numpy as np

from quant.allocation.exact import RELATIVE_GAP, TIME_LIMIT_S, minimise
from quant.allocation.problem import Problem
from quant.allocation.solution import Limits, Solution
from quant.errors import DataError


def front(
    problem: Problem,
    points: int = 24,
    limits: Limits | None = None,
    *,
    relative_gap: float = RELATIVE_GAP,
    time_limit_s: float = TIME_LIMIT_S,
) -> tuple[Solution, ...]:
    """Up to so many assignments under the limits, the fastest first: each has the least error for its cycles.

    The ends are the fewest cycles and the least error; cycle limits between them are a geometric series. The time limit
    is that of each point. Raises DataError for fewer than 2 points, and as `exact.minimise`.
    """
    if points < 2:
        raise DataError(f"front of {points} points", "2 or more")
    limits = dict(limits or {})

    def least_error(cycles: float) -> Solution:
        within = min(cycles, limits.get("cycles", math.inf))
        bounds: Limits = {**limits, "cycles": within}
        return minimise(problem, "error", bounds, relative_gap=relative_gap, time_limit_s=time_limit_s)

    fewest = minimise(problem, "cycles", limits, relative_gap=relative_gap, time_limit_s=time_limit_s).cycles
    least = minimise(problem, "error", limits, relative_gap=relative_gap, time_limit_s=time_limit_s).error
    bounds: Limits = {**limits, "error": least}
    most = minimise(problem, "cycles", bounds, relative_gap=relative_gap, time_limit_s=time_limit_s).cycles
    found = [least_error(most)]
    between = np.geomspace(max(most, 1), max(fewest, 1), points)[1:-1]
    for cycles in np.ceil(between).tolist():
        if found[-1].cycles > cycles:  # else the last one is the best for this limit as well
            found.append(least_error(cycles))
    if found[-1].cycles > fewest:
        found.append(least_error(fewest))
    kept: list[Solution] = []
    for point in reversed(found):
        if not kept or (point.cycles > kept[-1].cycles and point.error < kept[-1].error):
            kept.append(point)
    return tuple(kept)
