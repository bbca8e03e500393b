"""The scale of least squared error for each row of numbers: a grid over all scales that can be best, then refinement.

**Which scales can be best.** Below a format's `finest_end` halving the scale does no harm, so the largest |x| need not
be less than that times the scale. And the top level times the scale is at least rms(x) / sqrt(H_n), H_n = 1 + 1/2 + ...
+ 1/n: some three-level quantiser keeps ||x||^2 / H_n of the energy (else the k-th largest |x| would be below
sqrt(||x||^2 / H_n / k) for all k, and their squares would not add up), the best scale of the format keeps no less, and
what it keeps is the energy of its output, at most n * (top * scale)^2.

**The search.** The error as a function of the scale has many small dents, so a logarithmic grid of steps of 2^(1/6) or
less covers the whole range; then a finer grid between the neighbours of the best, three times; then the least-squares
scale for the levels so found, C / E, which can only lower the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quant.scale_error import Float32Array, Float64Array, Levels, Moments

if TYPE_CHECKING:
    from quant.formats.descriptor import NumberFormat

_STEPS_PER_OCTAVE = 6
_REFINEMENTS, _REFINED_STEPS, _FITS = 3, 8, 3
_BLOCK_NUMBERS = 2**18  # rows are searched in blocks of about so many numbers, which bounds the memory
_BLOCK_ROWS = 2**12


def least_error_scales(rows: Float32Array, number_format: NumberFormat, power_of_two: bool) -> Float64Array:
    """The best scale of each row, shape (rows,); 1 where a row has nothing that the format shows.

    `power_of_two` tries every power of two in the range instead.
    """
    levels = Levels.of(number_format)
    best = np.ones(rows.shape[0])
    block_rows = max(1, min(_BLOCK_ROWS, _BLOCK_NUMBERS // max(1, rows.shape[1])))
    for start in range(0, rows.shape[0], block_rows):
        block = rows[start : start + block_rows]
        lowest, highest = _range(block, levels)
        shown = highest > 0
        if shown.any():
            search = _search_powers_of_two if power_of_two else _search
            moments = Moments(block[shown], number_format, levels)
            best[start : start + block_rows][shown] = search(moments, lowest[shown], highest[shown])
    return best


def _range(rows: Float32Array, levels: Levels) -> tuple[Float64Array, Float64Array]:
    """The lowest and the highest scale of each row that can be best; 0 for both where no number can be shown."""
    shown = rows if levels.values[0] < 0 else np.maximum(rows, 0)
    largest = np.abs(shown).max(axis=1).astype(np.float64)
    energy = np.einsum("ij,ij->i", shown, shown, dtype=np.float64)
    harmonic = np.sum(1 / np.arange(1, rows.shape[1] + 1))
    reach = max(levels.values[-1], -levels.values[0])
    lowest = np.sqrt(energy / rows.shape[1] / harmonic) / reach
    return lowest, np.maximum(largest / levels.finest_end, lowest)


def _search(moments: Moments, lowest: Float64Array, highest: Float64Array) -> Float64Array:
    octaves = float(np.log2(highest / lowest).max())
    best, step = _best_of_grid(moments, lowest, highest, 1 + max(1, int(np.ceil(octaves * _STEPS_PER_OCTAVE))))
    for _ in range(_REFINEMENTS):
        best, step = _best_of_grid(moments, best / step, best * step, 1 + _REFINED_STEPS)
    for _ in range(_FITS):
        cross, energy = moments.at(best[:, None])
        best = np.divide(cross, energy, out=best[:, None], where=(energy > 0) & (cross > 0))[:, 0]
    return best


def _best_of_grid(
    moments: Moments, lowest: Float64Array, highest: Float64Array, points: int
) -> tuple[Float64Array, Float64Array]:
    """The best of a logarithmic grid for each row, and the ratio of its neighbours."""
    grid = np.geomspace(lowest, highest, points, axis=1)
    return _best(moments, grid), (highest / lowest) ** (1 / (points - 1))


def _search_powers_of_two(moments: Moments, lowest: Float64Array, highest: Float64Array) -> Float64Array:
    first, last = np.floor(np.log2(lowest)), np.ceil(np.log2(highest))
    exponents = np.minimum(first[:, None] + np.arange(int((last - first).max()) + 1), last[:, None])
    return _best(moments, np.exp2(exponents))


def _best(moments: Moments, scales: Float64Array) -> Float64Array:
    cross, energy = moments.at(scales)
    errors = scales * (scales * energy - 2 * cross)  # less the sum of x^2, which is the same for all
    best: Float64Array = np.take_along_axis(scales, errors.argmin(axis=1)[:, None], axis=1)[:, 0]
    return best
