"""The numbers of a quantised network: weights as codes with their scales, biases, and how each tensor is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quant.encoded import StoredTensor
from quant.errors import DataError
from quant.formats import NumberFormat

Array = npt.NDArray[Any]
Float32Array = npt.NDArray[np.float32]

SCALED_BITS = 8
"""Wider formats are floats, stored as they are, at scale 1."""


@dataclass(frozen=True)
class LayerValues:
    """Trained numbers of an array layer with N outputs.

    `codes` has shape (N, inputs of a group, kernel height, kernel width), or (N, inputs); `scales` and `bias` (N,).
    """

    number_format: NumberFormat
    codes: npt.NDArray[np.uint8]
    scales: Float32Array
    bias: Float32Array


@dataclass(frozen=True)
class NetworkValues:
    """Of every array layer with weights, by name; of every tensor that is stored, the input included; and of vector
    layers, by the names that `docs/functional.md` gives them, such as `NAME.weight` of a layer norm.
    """

    layers: Mapping[str, LayerValues]
    tensors: Mapping[str, StoredTensor]
    vectors: Mapping[str, Float32Array] = field(default_factory=dict)


def encode_tensor(x: Float32Array, tensor: StoredTensor) -> npt.NDArray[np.unsignedinteger[Any]]:
    """The codes nearest to `x / scale`; float32 patterns for fp32."""
    return tensor.number_format.encode(x, np.float32(tensor.scale))


def decode_tensor(codes: npt.NDArray[np.unsignedinteger[Any]], tensor: StoredTensor) -> Float32Array:
    """float32(scale * value)."""
    return tensor.number_format.decode(codes, np.float32(tensor.scale), np.float32).astype(np.float32, copy=False)


def checked_images(images: npt.ArrayLike, shape: tuple[int, int, int]) -> Float32Array:
    """Images as float32 of shape (images, *shape): one or several. Raises DataError for anything else."""
    array = np.asarray(images)
    if array.dtype.kind not in "fiu":
        raise DataError(f"array of {array.dtype}", "real numbers")
    if array.ndim == len(shape):
        array = array[None]
    if array.shape[1:] != shape or not len(array):
        raise DataError(f"shape {np.shape(images)}", f"{shape}, or (images, {', '.join(map(str, shape))})")
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    if not np.isfinite(single).all():
        raise DataError(f"{int((~np.isfinite(single)).sum())} numbers that are NaN or beyond float32", "finite numbers")
    return single
