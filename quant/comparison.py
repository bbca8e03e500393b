"""Number formats against each other on the tensors of a model: the error of each, and how they use their codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quant.errors import DataError
from quant.formats import NumberFormat, get_format
from quant.granularity import Granularity
from quant.models import Tensors, layer_tensors
from quant.scaling import ScaleMethod, choose_scales

DEFAULT_FORMATS = ("int4", "dybit4", "fp4_e2m1", "flint4", "pot4", "nf4")
WIDEST_COUNTED_BITS = 8
"""Codes of wider formats are too many to be counted one by one."""

_AS_GOOD = 1e-4  # relative: formats of the same values differ in the last digits of their scales


@dataclass(frozen=True)
class LayerErrors:
    """A layer, and for each format the root mean square error over the root mean square of its `numbers` weights."""

    name: str
    shape: tuple[int, ...]
    nrmse: dict[str, float]

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)

    @property
    def winners(self) -> list[str]:
        """The formats of the least error; several where they are equal but for rounding."""
        least = min(self.nrmse.values())
        return [name for name, error in self.nrmse.items() if error <= least * (1 + _AS_GOOD)]

    def sqnr_db(self, format_name: str) -> float | None:
        """Signal over quantisation noise, 20 * log10(1 / NRMSE); None where there is no error."""
        error = self.nrmse[format_name]
        return -20 * math.log10(error) if error else None


@dataclass(frozen=True)
class CodeUse:
    """How often each code of a format stands in the model: `shares` of all numbers, in the order of rising `levels`.

    Codes of the same value (the two zeros of a sign bit) count as one level.
    """

    bits: int
    levels: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]

    @property
    def entropy_bits(self) -> float:
        """Bits that a code carries on average, -sum(share * log2(share)); at most `bits`."""
        used = self.shares[self.shares > 0]
        return float(-(used * np.log2(used)).sum())


@dataclass(frozen=True)
class Comparison:
    """The errors of every layer, and the use of the codes of every format of at most 8 bits."""

    formats: tuple[str, ...]
    layers: tuple[LayerErrors, ...]
    code_use: dict[str, CodeUse]

    def mean_nrmse(self, format_name: str) -> float:
        """The mean over layers, each counting the same."""
        return math.fsum(layer.nrmse[format_name] for layer in self.layers) / len(self.layers)

    def mean_sqnr_db(self, format_name: str) -> float | None:
        """The mean over the layers that have an error; None if none has."""
        values = [value for layer in self.layers if (value := layer.sqnr_db(format_name)) is not None]
        return math.fsum(values) / len(values) if values else None

    def wins(self, format_name: str) -> int:
        """The layers on which no other format is better."""
        return sum(format_name in layer.winners for layer in self.layers)


def compare(
    tensors: Tensors,
    formats: Sequence[str] = DEFAULT_FORMATS,
    granularity: Granularity | None = None,
    method: ScaleMethod | None = None,
    progress: Callable[[str], None] = lambda layer: None,
) -> Comparison:
    """Quantise every layer of a model (`quant.models.layer_tensors`) to every format, by default a scale per channel.

    `progress` is called with the name of each layer that is done. Raises FormatError for an unknown format, DataError
    for no format, for a model without layers, and as `choose_scales`.
    """
    chosen = {name: get_format(name) for name in formats}
    layers = layer_tensors(tensors)
    if not chosen:
        raise DataError("no formats to compare", "one or more")
    if not layers:
        raise DataError("the model has nothing to compare", "a floating tensor of two or more axes")
    granularity = granularity or Granularity(0)
    counted = [name for name, kind in chosen.items() if kind.bits <= WIDEST_COUNTED_BITS]
    counts = {name: np.zeros(2 ** chosen[name].bits, np.int64) for name in counted}
    errors = []
    for layer, tensor_name in layers.items():
        tensor, nrmse = tensors[tensor_name], {}
        for name, kind in chosen.items():
            nrmse[name] = _quantise(tensor, kind, granularity, method, tensor_name, counts.get(name))
        errors.append(LayerErrors(layer, tensor.shape, nrmse))
        progress(layer)
    return Comparison(tuple(chosen), tuple(errors), {name: _code_use(chosen[name], counts[name]) for name in counted})


def _quantise(
    tensor: npt.NDArray[np.floating],
    kind: NumberFormat,
    granularity: Granularity,
    method: ScaleMethod | None,
    name: str,
    counts: npt.NDArray[np.int64] | None,
) -> float:
    """The normalised error of a tensor in a format; adds its codes to `counts`."""
    granularity = granularity.with_blocks(kind.block_size)
    scales = choose_scales(tensor, kind, granularity, method, name=name)
    codes = kind.encode(granularity.rows(tensor.astype(np.float32)), scales[:, None])
    if counts is not None:
        counts += np.bincount(granularity.tensor(codes, tensor.shape).reshape(-1), minlength=counts.size)
    numbers = tensor.astype(np.float64)
    decoded = granularity.tensor(kind.decode(codes, scales[:, None], np.float32), tensor.shape)
    signal = float(np.mean(numbers**2))
    return math.sqrt(float(np.mean((decoded - numbers) ** 2)) / signal) if signal else 0.0


def _code_use(kind: NumberFormat, counts: npt.NDArray[np.int64]) -> CodeUse:
    finite = np.isfinite(kind.codebook)
    levels, index = np.unique(kind.codebook[finite] + 0.0, return_inverse=True)  # + 0.0: there is one zero
    shares = np.bincount(index, counts[finite], minlength=levels.size) / counts.sum()
    return CodeUse(kind.bits, levels, shares)
