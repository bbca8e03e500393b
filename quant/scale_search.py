"""The scale of least squared error for each row of numbers: exact for short rows, a search over a grid for long ones.

**Which scales can be best.** Below a format's `finest_end` halving the scale does no harm, so the largest |x| need not
be less than that times the scale. And the top level times the scale is at least rms(x) / sqrt(H_n), H_n = 1 + 1/2 + ...
+ 1/n: some three-level quantiser keeps ||x||^2 / H_n of the energy (else the k-th largest |x| would be below
sqrt(||x||^2 / H_n / k) for all k, and their squares would not add up), the best scale of the format keeps no less, and
what it keeps is the energy of its output, at most n * (top * scale)^2.

**The search.** The error as a function of the scale has many dents, the narrower the more levels there are, the deeper
the fewer numbers. Up to 512 numbers `quant/scale_exact.py` finds the deepest. For more, a logarithmic grid of 12 scales
in an octave covers the whole range; the best 64 of them are each replaced by 5 scales that fill their step, the best 32
of those again, then 8, then 4. Last, the least-squares scale for the levels so found, C / E, which can only lower the
error. `docs/scales.md` says how good this is, and how fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quant.scale_error import Float32Array, Float64Array, Levels, Moments
from quant.scale_exact import exact_scales

if TYPE_CHECKING:
    from quant.formats.descriptor import NumberFormat

_EXACT_NUMBERS = 512  # beyond, the search is faster, and misses the best by more than 1 % only in rare cases (measured)
_STEPS_PER_OCTAVE = 12
_KEPT, _SPLIT = (64, 32, 8, 4), 5
_FITS = 3
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
        if not shown.any():
            continue
        if rows.shape[1] <= _EXACT_NUMBERS and not power_of_two:
            found = exact_scales(block[shown], levels)
        else:
            search = _search_powers_of_two if power_of_two else _search
            found = search(Moments(block[shown], levels), lowest[shown], highest[shown])
        best[start : start + block_rows][shown] = found
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
    ratio = 2 ** (1 / _STEPS_PER_OCTAVE)
    scales = lowest[:, None] * ratio ** np.arange(1 + int(np.ceil(octaves * _STEPS_PER_OCTAVE)))
    for kept in _KEPT:
        ratio **= 1 / _SPLIT
        closer = ratio ** (np.arange(_SPLIT) - _SPLIT // 2)
        scales = (_best(moments, scales, kept)[:, :, None] * closer).reshape(lowest.size, -1)
    best = _best(moments, scales, 1)
    for _ in range(_FITS):
        cross, energy = moments.at(best)
        np.divide(cross, energy, out=best, where=(energy > 0) & (cross > 0))
    return best[:, 0]


def _search_powers_of_two(moments: Moments, lowest: Float64Array, highest: Float64Array) -> Float64Array:
    first, last = np.floor(np.log2(lowest)), np.ceil(np.log2(highest))
    exponents = np.minimum(first[:, None] + np.arange(int((last - first).max()) + 1), last[:, None])
    return _best(moments, np.exp2(exponents), 1)[:, 0]


def _best(moments: Moments, scales: Float64Array, count: int) -> Float64Array:
    """The `count` scales of least error in each row, in any order: shape (rows, scales) -> (rows, count)."""
    if count >= scales.shape[1]:
        return scales
    cross, energy = moments.at(scales)
    errors = scales * (scales * energy - 2 * cross)  # less the sum of x^2, which is the same for all
    best: Float64Array = np.take_along_axis(scales, np.argpartition(errors, count - 1, axis=1)[:, :count], axis=1)
    return best
