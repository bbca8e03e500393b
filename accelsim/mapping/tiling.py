"""The tile sizes and loop order of one layer: the fewest bytes to and from DRAM among those that are nearly fastest.

The space is small and searched whole: groups, output rows, output channels and input channels per tile, times two loop
orders (docs/timing-model.md, "Mapping"). Among tilings of equal traffic the one with the shortest estimated time wins.
Where no tile of whole blocks fits the buffers, parts of blocks are tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accelsim.errors import MappingError
from accelsim.mapping.problem import TilingProblem
from accelsim.mapping.tiles import Memory, Tiling, buffer_needs, candidates, estimated_cycles, moved_bytes

#: A tiling may be estimated to take so many times as long as the fastest, if it moves fewer bytes (docs/decisions.md).
NEARLY_FASTEST = 1.2

BUFFER_FIELDS = ("buffers.weight_bytes", "buffers.input_bytes", "buffers.output_bytes")


class Space(NamedTuple):
    """Bytes that a layer's tiles may use of each buffer."""

    weight_bytes: int
    input_bytes: int
    output_bytes: int


class Cost(NamedTuple):
    """DRAM bytes that a layer moves, and its estimated cycles; infinite where no tiling of whole blocks fits."""

    traffic_bytes: float
    cycles: float


class TilingSearch:
    """Every tiling of one problem with the bytes it needs of each buffer and moves; `space` then picks among them."""

    def __init__(
        self, problem: TilingProblem, memory: Memory, *, ping_pong: bool, parts_of_blocks: bool = False
    ) -> None:
        self._problem, self._memory, self._ping_pong = problem, memory, ping_pong
        self._parts_of_blocks = parts_of_blocks
        self._tiles = candidates(problem, parts_of_blocks=parts_of_blocks)
        needs: Any = np.broadcast_arrays(*buffer_needs(problem, self._tiles, ping_pong=ping_pong))
        self._needs: Any = np.array(needs)
        self._traffic: Any = sum(moved_bytes(problem, self._tiles))
        self._best_of: dict[Space, int | None] = {}

    def cost(self, space: Space) -> Cost:
        """What the best tiling of whole blocks that fits costs."""
        best = self._best(space)
        if best is None:
            return Cost(math.inf, math.inf)
        return Cost(int(self._traffic[best]), float(self._estimated_cycles[best]))

    def best(self, space: Space, where: str) -> Tiling:
        """The best tiling that fits; MappingError at `where`: the buffer, the bytes needed and there."""
        best = self._best(space)
        if best is None:
            if not self._parts_of_blocks:
                return self._finer.best(space, where)
            raise does_not_fit(where, self._most_frugal(space), space)
        columns: Any = self._tiles
        return Tiling(*(column[best].item() for column in columns))

    def _best(self, space: Space) -> int | None:
        """Index of the best candidate; layers of one shape ask with the same space again and again."""
        if space not in self._best_of:
            self._best_of[space] = self._find_best(space)
        return self._best_of[space]

    def _find_best(self, space: Space) -> int | None:
        """Index of the fitting candidate of least traffic among the nearly fastest, of those the fastest."""
        fits = np.flatnonzero((self._needs <= np.array(space)[:, None]).all(axis=0))
        if not fits.size:
            return None
        fits = fits[self._estimated_cycles[fits] <= NEARLY_FASTEST * self._estimated_cycles[fits].min()]
        traffic = self._traffic[fits]
        ties = fits[traffic == traffic.min()]
        return int(ties[np.argmin(self._estimated_cycles[ties])])

    @cached_property
    def _finer(self) -> TilingSearch:
        """The search for where nothing of whole blocks fits."""
        return TilingSearch(self._problem, self._memory, ping_pong=self._ping_pong, parts_of_blocks=True)

    @cached_property
    def _estimated_cycles(self) -> NDArray[np.float64]:
        cycles: Any = estimated_cycles(self._problem, self._tiles, self._traffic, self._memory)
        return np.asarray(cycles, dtype=np.float64)

    def _most_frugal(self, space: Space) -> tuple[int, ...]:
        """What the tiling needs of each buffer that exceeds the space by the smallest factor."""
        excess = self._needs / np.maximum(space, 1)[:, None]
        return tuple(self._needs[:, np.argmin(excess.max(axis=0))].tolist())


def does_not_fit(where: str, needs: Sequence[int], space: Space) -> MappingError:
    """The error that names the buffer that `needs` exceeds by the largest factor."""
    buffers = zip(BUFFER_FIELDS, needs, space, strict=True)
    field, need, limit = max(buffers, key=lambda buffer: buffer[1] / max(buffer[2], 1))
    return MappingError(
        where,
        f"no tile fits {field}: the smallest needs {need} bytes, there are {limit}",
        f"{field} >= {need}",
    )
