"""The number format of every tensor of a network, resolved once before a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TensorFormat:
    """A number format by name (`dybit4`), its width in bits, its sign, and whether the array needs a decoder for it."""

    name: str
    bits: int
    signed: bool
    decoded: bool


@dataclass(frozen=True, slots=True)
class Precision:
    """`weights` by layer name (array layers with trained weights) and `tensors` by tensor name, inputs included.

    A matmul's stationary operand is a tensor, so its width is in `tensors`. `label` is how reports call the whole.
    """

    label: str
    weights: dict[str, TensorFormat]
    tensors: dict[str, TensorFormat]
