"""Which designs of a space are simulated, and in which order: the grid, or a sample of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from accelsim.explore.sweeps.prepass import promising
from accelsim.explore.sweeps.space import Candidate, Space

#: Draws for each design wanted, after which a sample stays smaller: conditions leave too little of the grid.
_DRAWS = 50
_Unit = Callable[[int], Any]


def candidates(space: Space) -> Iterator[Candidate]:
    """The designs that grid, random, lhs and sobol pick, as they are needed; the same for the same seed.

    With `keep` below 1 they are ranked by the closed form first, all of them, and only that share comes out.
    """
    search = space.file.search
    picked = islice(space.grid(), search.points) if search.method == "grid" else _sampled(space)
    if search.keep < 1:
        return iter(promising(space, list(picked), search.keep))
    return picked


def most_candidates(space: Space) -> int:
    """How many designs there are at most: conditions may leave fewer."""
    search, size = space.file.search, math.prod(space.shape)
    return math.ceil(min(size, search.points or size) * search.keep)


def _sampled(space: Space) -> Iterator[Candidate]:
    """Different designs that meet the conditions, until there are as many as wanted."""
    size = math.prod(space.shape)
    wanted = min(space.file.search.points or size, size)
    draw, seen, draws_left = _generator(space), set[tuple[int, ...]](), _DRAWS * wanted
    while wanted > 0 and draws_left > 0:
        for point in draw(wanted):
            draws_left -= 1
            coordinates = tuple(int(share * count) for share, count in zip(point, space.shape, strict=True))
            if coordinates in seen:
                continue
            seen.add(coordinates)
            candidate = space.candidate(coordinates)
            if candidate is not None and wanted > 0:
                wanted -= 1
                yield candidate


def _generator(space: Space) -> _Unit:
    """Draws points of the unit cube, shape (points, axes)."""
    search, axes = space.file.search, len(space.axes)
    if search.method == "random":
        import numpy as np

        generator = np.random.default_rng(search.seed)
        return lambda count: generator.random((count, axes))
    from scipy.stats import qmc

    if search.method == "lhs":
        return qmc.LatinHypercube(axes, rng=search.seed).random  # type: ignore[no-any-return]
    sequence = qmc.Sobol(axes, rng=search.seed)
    # Sobol's points are balanced in powers of two.
    return lambda count: sequence.random(2 ** math.ceil(math.log2(count))) if count > 1 else sequence.random(1)
