"""How much a network minds the rounding of each of its tensors: what was measured, and the additive error made of it.

See `docs/sensitivity.md`. `quant.ptq.sensitivity` measures, `quant.sensitivity_file` reads and writes.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

from quant.allocation.problem import Problem
from quant.errors import DataError
from quant.formats import get_format

Measure = Literal["noise", "layer", "output", "kl", "fisher", "hessian", "loss", "accuracy"]
"""What an error can be; `Measured` says what each one is."""

MEASURES: tuple[Measure, ...] = get_args(Measure)

DEFAULT_MEASURE: Measure = "kl"
"""The one that best predicts what random mixed allocations do: `docs/sensitivity.md`, "Which measure"."""


@dataclass(frozen=True)
class Measured:
    """What rounding one choice to one format does, everything else in float; None: not measured.

    The last two can be negative, and so can `hessian`. Raises DataError for NaN and infinities.
    """

    noise: float | None = None
    """Noise-to-signal of the numbers themselves: sum (x - q(x))^2 / sum x^2."""
    layer: float | None = None
    """Noise-to-signal of the outputs of the layers that read them."""
    output: float | None = None
    """Noise-to-signal of the network's output."""
    kl: float | None = None
    """Mean Kullback-Leibler divergence of the class probabilities from those of the float network, nats."""
    fisher: float | None = None
    """What the diagonal of the Fisher matrix lets expect of `kl`."""
    hessian: float | None = None
    """What the mean diagonal of the Hessian lets expect of `kl`; of weights only."""
    loss: float | None = None
    """Measured rise of the cross-entropy with the labels, nats."""
    accuracy: float | None = None
    """Measured drop of the top-1 accuracy, percentage points."""

    def __post_init__(self) -> None:
        for name in MEASURES:
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise DataError(f"{name} is {value}", "finite numbers")

    @property
    def nrmse(self) -> float | None:
        """Root mean square error over root mean square."""
        return None if self.noise is None else math.sqrt(self.noise)

    @property
    def layer_sqnr_db(self) -> float | None:
        """Signal-to-noise ratio at the output of the layers that read the numbers, dB; infinite without noise."""
        return _decibels(self.layer)

    @property
    def output_sqnr_db(self) -> float | None:
        """Signal-to-noise ratio at the network's output, dB; infinite without noise."""
        return _decibels(self.output)


@dataclass(frozen=True)
class MeasuredChoice:
    """The weights of a layer, or an activation tensor, and what was measured in each format.

    What reads it identifies it: it stands in place of the weights of `weights_of` (in matrix products a tensor can),
    and is the input of `input_of`. `hessian_trace` is that of all the weights; None: not measured.
    """

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012  read by pydantic, which wants it plain

    name: str
    weights_of: tuple[str, ...]
    input_of: tuple[str, ...]
    formats: Mapping[str, Measured]
    hessian_trace: float | None = None

    def error(self, format_name: str, measure: Measure) -> float:
        """The error in a format by a measure, from 0: what was measured to do good counts as nothing.

        Raises DataError for a format or a measure that was not taken.
        """
        if format_name not in self.formats:
            nearest = difflib.get_close_matches(format_name, self.formats, n=1)
            raise DataError(f"{self.name}: {format_name} was not measured", ", ".join(self.formats), *nearest)
        value = getattr(self.formats[format_name], measure)
        if value is None:
            taken = [name for name in MEASURES if getattr(self.formats[format_name], name) is not None]
            raise DataError(f"{self.name}: {measure} was not measured{_WHY.get(measure, '')}", ", ".join(taken))
        return max(0.0, float(value))


@dataclass(frozen=True)
class Sensitivity:
    """All choices of a network, measured on so many `inputs` with this seed.

    Raises DataError for a layer whose weights, or whose input, two choices are, and for unknown formats.
    """

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012

    inputs: int
    seed: int
    choices: tuple[MeasuredChoice, ...]

    def __post_init__(self) -> None:
        for name in {name for choice in self.choices for name in choice.formats}:
            get_format(name)
        for role in ("weights_of", "input_of"):
            layers = [layer for choice in self.choices for layer in getattr(choice, role)]
            if len(set(layers)) < len(layers):
                twice = next(layer for layer in layers if layers.count(layer) > 1)
                raise DataError(f"two choices have {twice} in {role}", "every layer once")

    @cached_property
    def _by_readers(self) -> dict[tuple[frozenset[str], frozenset[str]], MeasuredChoice]:
        return {(frozenset(choice.weights_of), frozenset(choice.input_of)): choice for choice in self.choices}

    def read_by(self, weights_of: Sequence[str], input_of: Sequence[str]) -> MeasuredChoice:
        """The choice that these layers read, in any order. Raises DataError, which says what is nearest, for others."""
        found = self._by_readers.get((frozenset(weights_of), frozenset(input_of)))
        if found is not None:
            return found
        measured = [_readers(choice.weights_of, choice.input_of) for choice in self.choices]
        wanted = _readers(weights_of, input_of)
        nearest = difflib.get_close_matches(wanted, measured, n=1, cutoff=0.0)
        raise DataError(f"{wanted}: not measured", "layers that read the same tensors as in the network", *nearest)


def with_sensitivity(problem: Problem, sensitivity: Sensitivity, measure: Measure = DEFAULT_MEASURE) -> Problem:
    """The problem with measured errors in place of its own.

    Weights are found by the name of their layer, tensors by the layers that read them. A choice with a single
    candidate that was not measured has no error: it decides nothing. Raises DataError, whose `where` is the choice,
    for a choice, a candidate or a measure that was not measured, and for an unknown measure.
    """
    check_measures([measure])
    choices = []
    for choice in problem.choices:
        weights_of = [layer.name for layer in problem.layers if layer.weights == choice.name]
        input_of = [layer.name for layer in problem.layers if layer.activations == choice.name]
        try:
            measured = sensitivity.read_by(weights_of, input_of)
            errors = tuple(measured.error(name, measure) for name in choice.formats)
        except DataError as error:
            if len(choice.formats) > 1:
                raise DataError(error.found, error.allowed, error.nearest, where=choice.name) from None
            errors = (0.0,)
        choices.append(replace(choice, errors=errors))
    return replace(problem, choices=tuple(choices))


def check_measures(names: Sequence[str]) -> None:
    """Raise DataError for a name that is no measure."""
    for name in names:
        if name not in MEASURES:
            nearest = difflib.get_close_matches(name, MEASURES, n=1)
            raise DataError(f"measure {name!r}", ", ".join(MEASURES), *nearest)


_WHY = {
    "hessian": " (it is of weights only, and has to be asked for)",
    "loss": " (it needs labels)",
    "accuracy": " (it needs labels)",
}


def _readers(weights_of: Sequence[str], input_of: Sequence[str]) -> str:
    roles = (("weights of", weights_of), ("input of", input_of))
    return ", ".join(f"{role} {' and '.join(layers)}" for role, layers in roles if layers)


def _decibels(noise_to_signal: float | None) -> float | None:
    if noise_to_signal is None:
        return None
    return -10 * math.log10(noise_to_signal) if noise_to_signal else math.inf
