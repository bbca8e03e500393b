"""Errors of a search over bits that were measured on the network itself: what `quant.sensitivity` describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accelsim.workload.allocation import DEFAULT_FAMILY
from accelsim.workload.layers import Workload
from accelsim.workload.quant_errors import as_input_errors
from quant.sensitivity import DEFAULT_MEASURE, Measure, Sensitivity
from quant.sensitivity_file import load_sensitivity


@dataclass(frozen=True)
class SensitivityErrors:
    """One measure of a sensitivity; choices are found by the layers that read them.

    InputError for a choice that the measured network does not have, and a format that was not measured.
    """

    workload: Workload
    sensitivity: Sensitivity
    measure: Measure = DEFAULT_MEASURE

    @classmethod
    def load(cls, workload: Workload, path: Path, measure: Measure) -> SensitivityErrors:
        """Of a file that `quant sensitivity` wrote. InputError for one that is none."""
        with as_input_errors(str(path)):
            return cls(workload, load_sensitivity(path), measure)

    @property
    def quantity(self) -> str:
        return self.measure

    @property
    def described(self) -> str:
        return f"{self.measure} of each rounding by itself, measured on {self.sensitivity.inputs} inputs"

    @property
    def widths(self) -> Sequence[int]:
        """Those that every choice was measured at."""
        names = [set(choice.formats) for choice in self.sensitivity.choices]
        common = set.intersection(*names)
        return sorted(int(name.removeprefix(DEFAULT_FAMILY)) for name in common if name.startswith(DEFAULT_FAMILY))

    def of_weights(self, layer: str, candidates: Sequence[str]) -> tuple[float, ...]:
        return self._errors([layer], [], candidates)

    def of_tensor(self, tensor: str, candidates: Sequence[str]) -> tuple[float, ...]:
        on_array = [layer for layer in self.workload.layers if layer.on_array]
        weights_of = [layer.name for layer in on_array if tensor in layer.inputs[1:]]
        return self._errors(weights_of, [layer.name for layer in on_array if layer.inputs[0] == tensor], candidates)

    def _errors(self, weights_of: list[str], input_of: list[str], candidates: Sequence[str]) -> tuple[float, ...]:
        with as_input_errors("sensitivity"):
            choice = self.sensitivity.read_by(weights_of, input_of)
            return tuple(choice.error(name, self.measure) for name in candidates)
