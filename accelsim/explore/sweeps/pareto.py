"""Which designs nothing else beats, and how much of the space of objectives they cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from accelsim.errors import InputError
from accelsim.explore.sweeps.space_file import Objective

#: Objectives of which more is better; of the others less is.
MORE_IS_BETTER: frozenset[Objective] = frozenset({"speedup"})


def costs(values: Sequence[Sequence[float]], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Values, shape (designs, objectives), turned so that less is better."""
    turned = np.array(values, dtype=np.float64).reshape(len(values), len(objectives))
    for column, objective in enumerate(objectives):
        if objective in MORE_IS_BETTER:
            turned[:, column] *= -1
    return turned


def nondominated(points: NDArray[np.float64]) -> NDArray[np.intp]:
    """Indices of the points, shape (points, objectives), that none beats, best in the first objective first.

    A point beats another that it equals nowhere worse and somewhere better; equal points stay both. Less is better.
    """
    order = np.lexsort(points.T[::-1])
    front: list[int] = []
    for index in order:  # what beats a point comes before it in this order
        kept = points[front]
        worse_nowhere = (kept <= points[index]).all(axis=1)
        if not (worse_nowhere & (kept < points[index]).any(axis=1)).any():
            front.append(int(index))
    return np.array(front, dtype=np.intp)


def fronts(points: NDArray[np.float64], most: int) -> list[int]:
    """Indices of at least `most` points, if there are, front by front: each of what those before it leave."""
    left, ranked = np.arange(len(points)), list[int]()
    while len(left) and len(ranked) < most:
        front = nondominated(points[left])
        ranked += left[front].tolist()
        left = np.delete(left, front)
    return ranked


def hypervolume(points: NDArray[np.float64]) -> float:
    """The share of the box between the best and the worst value of each objective that the points dominate.

    Less is better. 0 where all points are equal in some objective. InputError where moocore is not installed.
    """
    try:
        import moocore
    except ImportError:
        raise InputError("hypervolume", "moocore is not installed", "pip install 'dybit-accelsim[explore]'") from None
    best, worst = points.min(axis=0), points.max(axis=0)
    if not (worst > best).all():
        return 0.0
    return float(moocore.hypervolume((points - best) / (worst - best), ref=np.ones(points.shape[1])))
