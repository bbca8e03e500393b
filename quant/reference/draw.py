"""Values for a network that has none: drawn weights, and scales of activations found on images."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from quant.encoded import StoredTensor
from quant.formats import NumberFormat
from quant.reference.graph import Network
from quant.reference.run import run_reference
from quant.reference.values import SCALED_BITS, Float32Array, LayerValues, NetworkValues
from quant.scaling import choose_scales

SAMPLE_NUMBERS = 2**16
"""Numbers of a tensor that its scale is chosen on, evenly spaced."""


def drawn_layer(
    name: str, shape: tuple[int, ...], number_format: NumberFormat, seed: int, *, has_bias: bool
) -> LayerValues:
    """Weights of He et al. (2015), deviation sqrt(2 / fan-in) times 0.5 to 1.5 by output; biases of deviation 0.1 or 0.

    `shape` is that of the weights, outputs first. What is drawn depends on the seed and the layer's name alone. Each
    output has its scale: the one of least error for normal numbers, times their deviation.
    """
    unit = drawn(name, shape, seed)
    scale = choose_scales(unit.reshape(-1)[:SAMPLE_NUMBERS], number_format, name=name)
    deviations = np.random.default_rng(seed).uniform(0.5, 1.5, shape[0]) * math.sqrt(2 / math.prod(shape[1:]))
    codes = number_format.encode(unit, scale)
    bias = drawn(f"{name}.bias", shape[:1], seed, 0.1 if has_bias else 0.0)
    return LayerValues(number_format, codes, (scale * deviations).astype(np.float32), bias)


def drawn(name: str, shape: tuple[int, ...], seed: int, deviation: float = 1.0, mean: float = 0.0) -> Float32Array:
    """Normal numbers that depend on the seed and the name alone."""
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return generator.standard_normal(shape, np.float32) * np.float32(deviation) + np.float32(mean)


def calibrated(
    network: Network, values: NetworkValues, formats: Mapping[str, NumberFormat], images: Float32Array
) -> NetworkValues:
    """The same values with every tensor in its format, at the scale of least squared error on the images.

    Tensor after tensor: each is computed from those before it as they are stored. Formats of more than 8 bits have
    scale 1. Raises DataError as `choose_scales` and `run_reference`.
    """
    tensors: dict[str, StoredTensor] = {}

    def stored(name: str, numbers: Float32Array) -> StoredTensor:
        flat = numbers.reshape(-1)
        sample = flat[:: math.ceil(flat.size / SAMPLE_NUMBERS)]
        scale = 1.0
        if formats[name].bits <= SCALED_BITS:
            scale = float(choose_scales(sample, formats[name], name=name)[0])
        tensors[name] = StoredTensor(formats[name], scale)
        return tensors[name]

    run_reference(network, values, images, stored)
    return replace(values, tensors=tensors)
