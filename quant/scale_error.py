"""The exact squared error of many scales on many rows of numbers.

With Q(x) the level nearest to x / scale, the squared error of a row is

    sum (x - scale * Q(x))^2 = sum x^2 - 2 * scale * C + scale^2 * E,   C = sum x * Q(x),   E = sum Q(x)^2.

In a sorted row the numbers of a level stand together, so C and E are sums over levels of differences of prefix sums, at
the places where the scaled thresholds fall: the cost for a scale grows with the number of levels, and hardly with that
of the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from quant.formats.descriptor import NumberFormat

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """The values that a format's encoder produces, rising, shape (levels,)."""

    values: Float64Array

    @classmethod
    def of(cls, number_format: NumberFormat) -> Levels:
        codebook = number_format.codebook
        produced = (codebook >= number_format.min_value) & (codebook <= number_format.max_value)
        return cls(np.unique(codebook[produced]))

    @property
    def are_symmetric(self) -> bool:
        return np.array_equal(self.values, -self.values[::-1])

    @property
    def magnitudes(self) -> Float64Array:
        """The levels from 0 upwards."""
        return self.values[self.values >= 0]

    @cached_property
    def finest_end(self) -> float:
        """Up to here, in units of the scale, half the scale is as good or better: twice each level is a level, too."""
        ends = []
        for side in (self.values[self.values > 0], -self.values[self.values < 0][::-1]):
            lost = np.flatnonzero(~np.isin(2 * side, side))
            if side.size:
                ends.append((side[lost[0]] + (side[lost[0] - 1] if lost[0] else 0.0)) / 2)
        return float(min(ends))


class Moments:
    """Of rows of numbers, shape (rows, numbers), and a format's levels: C and E for any scales."""

    def __init__(self, rows: Float32Array, levels: Levels) -> None:
        fold = levels.are_symmetric  # then the sign does not matter, and half the thresholds do
        self._rows = np.sort(np.abs(rows) if fold else rows, axis=1)
        self._prefix = np.zeros((rows.shape[0], rows.shape[1] + 1))
        np.cumsum(self._rows, axis=1, dtype=np.float64, out=self._prefix[:, 1:])
        values = levels.magnitudes if fold else levels.values
        self._thresholds = (values[:-1] + values[1:]) / 2
        self._steps, self._square_steps = np.diff(values), np.diff(values**2)
        self._outwards_is_up = self._thresholds > 0

    def at(self, scales: Float64Array) -> tuple[Float64Array, Float64Array]:
        """C and E of each row at its scales, all of shape (rows, scales).

        Summed by parts: all numbers at level 0, and a step outwards for each threshold that they pass. No term is
        negative, so that nothing cancels.
        """
        cross, energy = np.empty(scales.shape), np.empty(scales.shape)
        for index, (numbers, prefix) in enumerate(zip(self._rows, self._prefix, strict=True)):
            thresholds = np.multiply.outer(scales[index], self._thresholds).astype(np.float32)
            below = np.searchsorted(numbers, thresholds.reshape(-1)).reshape(thresholds.shape)
            cross[index] = (prefix[-1] * self._outwards_is_up - prefix[below]) @ self._steps
            energy[index] = (numbers.size * self._outwards_is_up - below) @ self._square_steps
        return cross, energy
