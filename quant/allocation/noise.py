"""Noise-to-signal of tensors in candidate formats, and tensors that stand in where there are no weights.

See `docs/allocation.md`, "Where errors come from".
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from quant.errors import DataError
from quant.formats import NumberFormat, get_format
from quant.granularity import Granularity
from quant.scaling import ScaleMethod, checked_numbers, choose_scales

Distribution = Literal["gaussian", "student-t"]

SAMPLE = 2**14
"""Numbers looked at of a tensor, at most."""

_SYNTHETIC_SHAPE = (16, 1024)


def noise(
    tensors: Mapping[str, npt.NDArray[Any]],
    candidates: Sequence[str],
    granularity: Granularity | None = None,
    method: ScaleMethod | None = None,
    *,
    signed: bool = True,
    sample: int = SAMPLE,
    seed: int = 0,
    progress: Callable[[str], None] = lambda name: None,
) -> dict[str, tuple[float, ...]]:
    """For each tensor the noise-to-signal sum (x - q(x))^2 / sum x^2 in each candidate; 0 for a tensor of zeros.

    Scales are by default one for each index of axis 0, of least squared error; a tensor of one axis has one scale. Of a
    tensor of more than `sample` numbers, whole rows that share a scale are drawn, or a part of a single row. `progress`
    is called with the name of each tensor that is done. Raises FormatError for an unknown format, DataError for a
    sample below 1, and as `choose_scales`.
    """
    if sample < 1:
        raise DataError(f"a sample of {sample} numbers", "1 or more")
    kinds = [get_format(name, signed=signed) for name in candidates]
    found = {}
    for name, tensor in tensors.items():
        numbers = checked_numbers(tensor, name)
        shared = granularity or Granularity(0 if numbers.ndim > 1 else None)
        found[name] = tuple(_noise_to_signal(numbers, kind, shared, method, name, sample, seed) for kind in kinds)
        progress(name)
    return found


def synthetic_tensor(
    name: str,
    distribution: Distribution = "student-t",
    *,
    degrees: float = 4.0,
    signed: bool = True,
    seed: int = 0,
) -> npt.NDArray[np.float32]:
    """Numbers in place of a tensor that is not there, shape (16, 1024), from the seed and the name.

    `degrees` of freedom are those of Student's t; `signed` False takes absolute values. Raises DataError for another
    distribution, and unless `degrees` is above 2 (below, there is no variance).
    """
    if distribution not in get_args(Distribution):
        raise DataError(f"distribution {distribution!r}", ", ".join(get_args(Distribution)))
    if not degrees > 2:
        raise DataError(f"{degrees} degrees of freedom", "above 2")
    rng = _generator(name, seed)
    gaussian = distribution == "gaussian"
    drawn = rng.standard_normal(_SYNTHETIC_SHAPE) if gaussian else rng.standard_t(degrees, _SYNTHETIC_SHAPE)
    return (drawn if signed else np.abs(drawn)).astype(np.float32)


def _noise_to_signal(
    numbers: npt.NDArray[np.float32],
    kind: NumberFormat,
    granularity: Granularity,
    method: ScaleMethod | None,
    name: str,
    sample: int,
    seed: int,
) -> float:
    rows = _sampled(granularity.with_blocks(kind.block_size).rows(numbers), sample, _generator(name, seed))
    scales = choose_scales(rows, kind, Granularity(0), method, name=name)[:, None]
    exact = rows.astype(np.float64)
    signal = float(np.sum(exact**2))
    return float(np.sum((kind.decode(kind.encode(rows, scales), scales) - exact) ** 2)) / signal if signal else 0.0


def _sampled(rows: npt.NDArray[np.float32], sample: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """At most `sample` numbers, shape (rows, numbers of a row): whole rows at random, else numbers of one at random."""
    count, length = rows.shape
    if count * length <= sample:
        return rows
    kept: npt.NDArray[np.float32] = rows[np.sort(rng.choice(count, max(1, sample // length), replace=False))]
    return kept if length <= sample else kept[:, np.sort(rng.choice(length, sample, replace=False))]


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
