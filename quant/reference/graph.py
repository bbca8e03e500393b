"""A network as the reference sees it, by structure: whatever has these attributes will do.

`docs/workloads.md` says what they mean. Tensors are (channels, height, width); a sequence of tokens is (features,
tokens, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Shape = tuple[int, int, int]


class Window(Protocol):
    """A sliding window; each size is (vertical, horizontal)."""

    @property
    def kernel(self) -> tuple[int, int]: ...
    @property
    def stride(self) -> tuple[int, int]: ...
    @property
    def padding(self) -> tuple[int, int]: ...


class PostOp(Protocol):
    """An operation on a layer's result: its kind, the tensor that an `add` reads, the window of a pool."""

    @property
    def kind(self) -> str: ...
    @property
    def operand(self) -> str | None: ...
    @property
    def window(self) -> Window | None: ...


class Layer(Protocol):
    """A layer; its result bears its name. `groups` are convolution groups or attention heads."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def input_shape(self) -> Shape: ...
    @property
    def raw_shape(self) -> Shape: ...
    @property
    def window(self) -> Window | None: ...
    @property
    def groups(self) -> int: ...
    @property
    def transposed(self) -> bool: ...
    @property
    def pool_mode(self) -> str | None: ...
    @property
    def post(self) -> Sequence[PostOp]: ...


class Network(Protocol):
    """Layers in an order in which every tensor is made before it is read."""

    @property
    def input_name(self) -> str: ...
    @property
    def layers(self) -> Sequence[Layer]: ...
