"""What the vector unit computes, on whole float32 tensors (images, channels, height, width). See docs/functional.md."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from quant.reference.graph import Window
from quant.reference.values import Float32Array

EPSILON = np.float32(1e-6)
_HALF, _ONE, _ROOT_HALF = np.float32(0.5), np.float32(1), np.float32(0.70710677)


def relu(x: Float32Array) -> Float32Array:
    """max(x, 0)."""
    return np.maximum(x, np.float32(0))


def relu6(x: Float32Array) -> Float32Array:
    """min(max(x, 0), 6)."""
    return np.minimum(relu(x), np.float32(6))


def gelu(x: Float32Array) -> Float32Array:
    """x / 2 * (1 + erf(x / sqrt 2)), erf in float64."""
    rounded = erf((x * _ROOT_HALF).astype(np.float64)).astype(np.float32)
    result: Float32Array = x * _HALF * (_ONE + rounded)
    return result


def softmax(x: Float32Array, heads: int) -> Float32Array:
    """Over the channels of each head."""
    by_head = x.reshape(x.shape[0], heads, -1, *x.shape[2:])
    shifted = by_head - by_head.max(axis=2, keepdims=True)
    powers = np.exp(shifted.astype(np.float64)).astype(np.float32)
    shares: Float32Array = powers / _sum_in_order(powers, axis=2)
    return shares.reshape(x.shape)


def layer_norm(x: Float32Array, gain: Float32Array, offset: Float32Array) -> Float32Array:
    """Over the channels; `gain` and `offset` have one number for each."""
    count = np.float32(x.shape[1])
    centred = x - _sum_in_order(x, axis=1) / count
    variance = _sum_in_order(centred * centred, axis=1) / count
    result: Float32Array = centred / np.sqrt(variance + EPSILON) * gain[:, None, None] + offset[:, None, None]
    return result


def class_token(x: Float32Array, token: Float32Array, positions: Float32Array) -> Float32Array:
    """Tokens (features, height * width + 1, 1) of a feature map; `positions` has shape (tokens, features)."""
    pixels = x.reshape(*x.shape[:2], -1)
    first = np.broadcast_to(token[:, None], (*x.shape[:2], 1))
    tokens: Float32Array = np.concatenate([first, pixels], axis=2) + positions.T
    return tokens[..., None]


def max_pool(x: Float32Array, window: Window) -> Float32Array:
    """The largest number of each window, padding left out."""
    largest: Float32Array = _windows(x, window, -np.inf).max(axis=(4, 5))
    return largest


def avg_pool(x: Float32Array, window: Window) -> Float32Array:
    """The sum of each window, row by row and padding as zeros, divided by the window's size."""
    views = _windows(x, window, 0)
    rows, columns = window.kernel
    in_order = views.reshape(*views.shape[:4], rows * columns)
    return _sum_in_order(in_order, axis=4)[..., 0] / np.float32(rows * columns)


def _windows(x: Float32Array, window: Window, padding: float) -> Float32Array:
    """Views of (images, channels, output height, output width, kernel height, kernel width)."""
    (up, left), (down, right) = window.padding, window.stride
    padded = np.pad(x, ((0, 0), (0, 0), (up, up), (left, left)), constant_values=padding)
    return np.lib.stride_tricks.sliding_window_view(padded, window.kernel, axis=(2, 3))[:, :, ::down, ::right]


def _sum_in_order(x: Float32Array, axis: int) -> Float32Array:
    """The sum along an axis, which stays, from the first number to the last: numpy's own sum adds in pairs."""
    return np.take(np.add.accumulate(x, axis=axis, dtype=np.float32), [-1], axis=axis)
