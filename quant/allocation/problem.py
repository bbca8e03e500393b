"""The allocation problem: choices with candidate formats, and layers that read two of them each.

See `docs/allocation.md`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from quant.allocation.file import LayerFormats, check_layers
from quant.errors import DataError
from quant.formats import get_format

Quantity = Literal["cycles", "error", "size_bits", "average_bits"]
"""What is minimised or limited: cycles, the additive error, bits of all weights, and bits of a weight on average."""

QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)

Assignment = tuple[int, ...]
"""The place of the chosen candidate of each choice, in the order of `Problem.choices`."""


@dataclass(frozen=True)
class Choice:
    """The weights of a layer, or an activation tensor: `formats` that it can have, the widest first.

    `errors` and `bits` (the size of the weights; 0 for activations) have one number for each format. `weights` is how
    many weights these are, 0 for activations. Raises DataError for what does not fit together or is negative.
    """

    name: str
    formats: tuple[str, ...]
    errors: tuple[float, ...]
    bits: tuple[int, ...]
    weights: int = 0

    def __post_init__(self) -> None:
        if not self.formats or len(set(self.formats)) < len(self.formats):
            raise DataError(f"{self.name}: candidates {self.formats}", "one format or more, each once")
        if not len(self.formats) == len(self.errors) == len(self.bits):
            found = f"{self.name}: {len(self.errors)} errors and {len(self.bits)} sizes for {len(self.formats)} formats"
            raise DataError(found, "one for each format")
        if not all(0 <= value < math.inf for value in (*self.errors, *self.bits, self.weights)):
            raise DataError(f"{self.name}: errors {self.errors}, bits {self.bits}", "finite numbers from 0")

    @classmethod
    def of(
        cls, name: str, formats: Sequence[str], noise: Sequence[float], *, sensitivity: float = 1.0, weights: int = 0
    ) -> Choice:
        """Errors are sensitivity * noise, sizes those of so many `weights`, with the scales of formats of blocks.

        Raises FormatError for an unknown format, DataError as the class.
        """
        bits = tuple(_size_bits(format_name, weights) for format_name in formats)
        return cls(name, tuple(formats), tuple(float(sensitivity * value) for value in noise), bits, weights)

    def place_of(self, format_name: str) -> int:
        """The place of a format among the candidates. Raises DataError if it is none of them."""
        if format_name not in self.formats:
            nearest = difflib.get_close_matches(format_name, self.formats, n=1)
            raise DataError(f"{self.name}: {format_name} is no candidate", ", ".join(self.formats), *nearest)
        return self.formats.index(format_name)


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer, the two choices that it reads, and its cycles, shape (candidates of `weights`, of `activations`).

    For a matmul, `weights` is the tensor that stays in the array. Raises DataError unless cycles are integers from 0.
    """

    name: str
    weights: str
    activations: str
    cycles: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        cycles = np.array(self.cycles)
        if cycles.dtype.kind not in "iu" or cycles.ndim != 2 or cycles.min(initial=0) < 0:
            raise DataError(f"{self.name}: cycles {cycles.tolist()}", "a matrix of integers from 0")
        cycles = cycles.astype(np.int64)
        cycles.setflags(write=False)
        object.__setattr__(self, "cycles", cycles)


@dataclass(frozen=True)
class Problem:
    """Choices, the layers that read them, and cycles that do not depend on either.

    Raises DataError for a name that is there twice, a layer that reads an unknown choice, a matrix of another shape
    than the candidates make, a choice that no layer reads, and negative overhead.
    """

    choices: tuple[Choice, ...]
    layers: tuple[Layer, ...]
    overhead: int = 0

    def __post_init__(self) -> None:
        _check_once("choice", [choice.name for choice in self.choices])
        _check_once("layer", [layer.name for layer in self.layers])
        for layer in self.layers:
            for name in (layer.weights, layer.activations):
                if name not in self.place:
                    nearest = difflib.get_close_matches(name, self.place, n=1)
                    raise DataError(f"layer {layer.name} reads {name}, which is no choice", "", *nearest)
            first, second = (self.choices[self.place[name]].formats for name in (layer.weights, layer.activations))
            if layer.cycles.shape != (len(first), len(second)):
                raise DataError(
                    f"layer {layer.name}: cycles of shape {layer.cycles.shape}", f"{len(first), len(second)}"
                )
        unread = set(self.place) - {name for layer in self.layers for name in (layer.weights, layer.activations)}
        if unread:
            raise DataError(f"no layer reads choice {min(unread)}", "choices that a layer reads")
        if self.overhead < 0:
            raise DataError(f"overhead of {self.overhead} cycles", "0 or more")

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of each choice, by name."""
        return {choice.name: place for place, choice in enumerate(self.choices)}

    @cached_property
    def reads(self) -> tuple[tuple[int, int], ...]:
        """For each layer the places of the two choices that it reads: weights, activations."""
        return tuple((self.place[layer.weights], self.place[layer.activations]) for layer in self.layers)

    @cached_property
    def _tables(self) -> list[list[list[int]]]:
        """The cycles of each layer in Python's integers, which a search looks up one by one."""
        return [layer.cycles.tolist() for layer in self.layers]

    @property
    def weights(self) -> int:
        """How many weights the network has."""
        return sum(choice.weights for choice in self.choices)

    def cycles(self, assignment: Assignment) -> int:
        """Cycles of all layers, and the overhead."""
        pairs = zip(self._tables, self.reads, strict=True)
        return self.overhead + sum(table[assignment[p]][assignment[q]] for table, (p, q) in pairs)

    def error(self, assignment: Assignment) -> float:
        """The sum of the errors of all choices, correctly rounded."""
        return math.fsum(choice.errors[k] for choice, k in zip(self.choices, assignment, strict=True))

    def size_bits(self, assignment: Assignment) -> int:
        """Bits of all weights."""
        return sum(choice.bits[k] for choice, k in zip(self.choices, assignment, strict=True))

    def average_bits(self, assignment: Assignment) -> float:
        """Bits of a weight on average; 0 for a network without weights."""
        return self.size_bits(assignment) / self.weights if self.weights else 0.0

    def value(self, quantity: Quantity, assignment: Assignment) -> float:
        """One of the four above, by name. Raises DataError for another name."""
        if quantity not in QUANTITIES:
            raise DataError(f"quantity {quantity!r}", ", ".join(QUANTITIES))
        value: float = getattr(self, quantity)(assignment)
        return value

    def formats(self, assignment: Assignment) -> dict[str, LayerFormats]:
        """The formats of each layer."""
        names = [choice.formats[k] for choice, k in zip(self.choices, assignment, strict=True)]
        pairs = zip(self.layers, self.reads, strict=True)
        return {layer.name: LayerFormats(names[p], names[q]) for layer, (p, q) in pairs}

    def assignment(self, formats: Mapping[str, LayerFormats]) -> Assignment:
        """The assignment that gives every layer these formats.

        Raises DataError for other layers than the problem's, for a format that is no candidate, and for readers of one
        choice that disagree, both of which it names.
        """
        check_layers(formats, [layer.name for layer in self.layers], "the problem")
        found: dict[int, tuple[str, str]] = {}
        for layer, places in zip(self.layers, self.reads, strict=True):
            wanted = formats[layer.name]
            for place, name in zip(places, (wanted.weights, wanted.activations), strict=True):
                other, reader = found.setdefault(place, (name, layer.name))
                if other != name:
                    conflict = f"{self.choices[place].name} is {other} for {reader}, {name} for {layer.name}"
                    raise DataError(conflict, "one format for all that read it", where=wanted.where)
        return tuple(choice.place_of(found[place][0]) for place, choice in enumerate(self.choices))


def _size_bits(format_name: str, numbers: int) -> int:
    """Codes of so many numbers, and the scales of a format of blocks."""
    kind = get_format(format_name)
    scales = -(-numbers // kind.block_size) if kind.block_size else 0
    return numbers * kind.bits + scales * kind.scale_bits


def _check_once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{what} {name} is there twice", "every name once")
        seen.add(name)
