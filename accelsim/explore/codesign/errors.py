"""What each format of each choice costs in accuracy: the error that a search over bits adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from accelsim.errors import InputError, nearest_name
from accelsim.explore.cost_table import ALL_WIDTHS
from accelsim.workload.allocation import DEFAULT_FAMILY
from accelsim.workload.layers import Workload
from accelsim.workload.precision import signed_tensors
from accelsim.workload.quant_errors import as_input_errors
from quant.allocation.noise import noise, synthetic_tensor
from quant.granularity import Granularity
from quant.models import layer_tensors, load_tensors


class Errors(Protocol):
    """The additive error of each choice in each format: so much of `quantity`, of what `described` says."""

    @property
    def quantity(self) -> str: ...

    @property
    def described(self) -> str: ...

    @property
    def widths(self) -> Sequence[int]:
        """DyBit widths that there are errors of."""

    def of_weights(self, layer: str, candidates: Sequence[str]) -> tuple[float, ...]:
        """One for each candidate, of a layer's weights."""

    def of_tensor(self, tensor: str, candidates: Sequence[str]) -> tuple[float, ...]:
        """One for each candidate, of an activation tensor."""


@dataclass(frozen=True)
class NoiseErrors:
    """Noise-to-signal with sensitivity 1: of `weights` by layer name, and where there are none of synthetic numbers.

    Activations are always synthetic: Student-t with 4 degrees of freedom, absolute where a tensor has no sign.
    """

    workload: Workload
    weights: Mapping[str, NDArray[Any]] | None = None
    weights_label: str = ""
    seed: int = 0
    _known: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def quantity(self) -> str:
        return "noise-to-signal"

    @property
    def described(self) -> str:
        of_weights = f"weights of {self.weights_label}" if self.weights else "synthetic Student-t(4) weights"
        return f"{self.quantity} of {of_weights}, synthetic Student-t(4) activations"

    @property
    def widths(self) -> Sequence[int]:
        return ALL_WIDTHS

    def of_weights(self, layer: str, candidates: Sequence[str]) -> tuple[float, ...]:
        name = f"weights of {layer}"
        return self._noise(name, None if self.weights is None else self.weights[layer], None, True, candidates)

    def of_tensor(self, tensor: str, candidates: Sequence[str]) -> tuple[float, ...]:
        signed = signed_tensors(self.workload)[tensor]
        return self._noise(f"tensor {tensor}", None, Granularity(), signed, candidates)

    def _noise(
        self,
        name: str,
        numbers: NDArray[Any] | None,
        granularity: Granularity | None,
        signed: bool,
        candidates: Sequence[str],
    ) -> tuple[float, ...]:
        missing = [candidate for candidate in candidates if (name, candidate) not in self._known]
        if missing:
            if numbers is None:
                numbers = synthetic_tensor(name, signed=signed, seed=self.seed)
            found = noise({name: numbers}, missing, granularity, signed=signed, seed=self.seed)[name]
            self._known.update({(name, candidate): value for candidate, value in zip(missing, found, strict=True)})
        return tuple(self._known[name, candidate] for candidate in candidates)


def layer_weights(workload: Workload, model: str) -> dict[str, NDArray[Any]]:
    """The weights of each layer that has some, from what `quant encode` takes. InputError if one is missing."""
    with as_input_errors("--weights"):
        tensors = load_tensors(model)
    named = layer_tensors(tensors)
    found = {}
    for layer in workload.layers:
        if layer.weight_elements:
            if layer.name not in named:
                nearest = nearest_name(layer.name, named)
                raise InputError(model, f"no weights for {layer.place}", "weights of every layer", nearest)
            found[layer.name] = tensors[named[layer.name]]
    return found


def dybit(widths: Sequence[int]) -> tuple[str, ...]:
    """The names of DyBit formats, the widest first."""
    return tuple(f"{DEFAULT_FAMILY}{bits}" for bits in sorted(widths, reverse=True))
