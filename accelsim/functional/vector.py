"""The vector unit's arithmetic on rows as they come: float32 arrays (images, channels, rows, columns)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import erf

from accelsim.mapping.ranges import rows_pooled
from accelsim.workload.layers import Layer, PostOp, Window
from quant.reference.values import Float32Array

#: A residual operand's numbers, given its tensor, its first row and how many rows.
Operand = Callable[[str, int, int], Float32Array]

_ZERO, _SIX = np.float32(0), np.float32(6)
_VARIANCE_FLOOR = np.float32(1e-6)


class LineBuffer:
    """Rows under a pool's window, kept until the last window that needs them is complete."""

    def __init__(self, window: Window, height: int, mode: str) -> None:
        self._window, self._height, self._mode = window, height, mode
        self._seen = self._done = self._first_kept = 0
        self._kept: Float32Array | None = None

    def push(self, rows: Float32Array) -> tuple[Float32Array, int]:
        """The rows that these complete, and the place of the first of them."""
        kept = rows if self._kept is None else np.concatenate([self._kept, rows], axis=2)
        self._seen += rows.shape[2]
        first, done = self._done, rows_pooled(self._seen, self._height, [self._window])
        pooled = pool_rows(kept, self._first_kept, self._height, (first, done), self._window, self._mode)
        needed = max(done * self._window.stride[0] - self._window.padding[0], self._first_kept)
        self._kept = kept[:, :, needed - self._first_kept :]
        self._first_kept, self._done = min(needed, self._seen), done
        return pooled, first


class PostChain:
    """The post-operations of one layer on some of its channels, with a line buffer for each pool."""

    def __init__(self, layer: Layer) -> None:
        self._operations: list[tuple[PostOp, LineBuffer | None]] = []
        height = layer.raw_shape[1]
        for operation in operations_after_bias(layer):
            if operation.window is None:
                self._operations.append((operation, None))
                continue
            mode = "max" if operation.kind == "max_pool" else "avg"
            self._operations.append((operation, LineBuffer(operation.window, height, mode)))
            height = rows_pooled(height, height, [operation.window])

    def push(self, x: Float32Array, first_row: int, operand: Operand) -> tuple[Float32Array, int]:
        """Rows of the result that these raw rows complete, and the place of the first of them."""
        for operation, line_buffer in self._operations:
            if line_buffer is not None:
                x, first_row = line_buffer.push(x)
            elif x.shape[2]:
                x = _elementwise(operation, x, first_row, operand)
        return x, first_row


def operations_after_bias(layer: Layer) -> tuple[PostOp, ...]:
    """The post-operations without the bias and batch norm at their head, which are one addition."""
    post = layer.post
    while layer.on_array and post and post[0].kind in ("bias", "batch_norm"):
        post = post[1:]
    return post


def pool_rows(
    x: Float32Array, first_kept: int, height: int, rows: tuple[int, int], window: Window, mode: str
) -> Float32Array:
    """Rows `rows` of a pool, from the input's rows from `first_kept` on; `height` is that of the whole input."""
    (tall, wide), (down, right), (up, left) = window.kernel, window.stride, window.padding
    first, count = rows[0] * down - up, rows[1] - rows[0]
    last = first + max(count - 1, 0) * down + tall
    start, end = max(first, 0), min(last, height)
    inside = x[:, :, start - first_kept : end - first_kept]
    outside = np.float32(-np.inf) if mode == "max" else _ZERO
    edges = ((0, 0), (0, 0), (start - first, last - first - (start - first) - inside.shape[2]), (left, left))
    padded = np.pad(inside, edges, constant_values=outside) if count else x[:, :, :0]
    width = (x.shape[3] + 2 * left - wide) // right + 1
    if not count:
        return np.zeros((*x.shape[:2], 0, width), np.float32)
    total: Float32Array | None = None
    for row in range(tall):
        for column in range(wide):
            under = padded[
                :, :, row : row + (count - 1) * down + 1 : down, column : column + (width - 1) * right + 1 : right
            ]
            if total is None:
                total = under.copy()
            else:
                (np.maximum if mode == "max" else np.add)(total, under, out=total)
    assert total is not None
    return total if mode == "max" else total / np.float32(tall * wide)


def softmax(x: Float32Array, heads: int) -> Float32Array:
    """Over the channels of each head."""
    result = np.empty_like(x)
    for head in np.split(np.arange(x.shape[1]), heads):
        scores = x[:, head]
        exponents = np.exp(np.subtract(scores, scores.max(axis=1, keepdims=True), dtype=np.float32).astype(np.float64))
        powers = exponents.astype(np.float32)
        result[:, head] = powers / _channel_sum(powers)
    return result


def layer_norm(x: Float32Array, gain: Float32Array, offset: Float32Array) -> Float32Array:
    """Over the channels."""
    centred = x - _channel_sum(x) / np.float32(x.shape[1])
    variance = _channel_sum(np.square(centred)) / np.float32(x.shape[1])
    scaled: Float32Array = centred / np.sqrt(variance + _VARIANCE_FLOOR) * gain[None, :, None, None]
    return scaled + offset[None, :, None, None]


def tokens(
    x: Float32Array, first_pixel_row: int, rows: tuple[int, int], token: Float32Array, positions: Float32Array
) -> Float32Array:
    """Tokens `rows` of a class-token layer from the rows of the feature map that they are in."""
    images, features, _, width = x.shape
    pixels = x.reshape(images, features, -1)
    found = np.empty((images, features, rows[1] - rows[0], 1), np.float32)
    for place, index in enumerate(range(*rows)):
        number = token if index == 0 else pixels[:, :, index - 1 - first_pixel_row * width]
        found[:, :, place, 0] = number + positions[index]
    return found


def _channel_sum(x: Float32Array) -> Float32Array:
    """The sum over the channels, one after the other."""
    total = x[:, 0].copy()
    for channel in range(1, x.shape[1]):
        total += x[:, channel]
    return total[:, None]


def _elementwise(operation: PostOp, x: Float32Array, first_row: int, operand: Operand) -> Float32Array:
    match operation.kind:
        case "relu":
            return np.maximum(x, _ZERO)
        case "relu6":
            return np.minimum(np.maximum(x, _ZERO), _SIX)
        case "gelu":
            bent = erf(np.multiply(x, np.float32(0.70710677)).astype(np.float64)).astype(np.float32)
            bent_x: Float32Array = x * np.float32(0.5) * (bent + np.float32(1))
            return bent_x
    assert operation.operand is not None, operation.kind
    return x + operand(operation.operand, first_row, x.shape[2])
