"""What rounds each choice in each format, to the nearest value at the scales that the settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, fx

from quant.ptq.calibration import Progress, TensorSample, observe
from quant.ptq.choices import NetworkChoice
from quant.ptq.codec import Codec
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.layer_rounding import PtqSettings


@dataclass(frozen=True)
class ChoiceRounding:
    """A choice in a format: what rounds its weights, or each of its tensors."""

    choice: NetworkChoice
    format_name: str
    weights: FakeQuantize | None
    tensors: Mapping[fx.Node, FakeQuantize]


class Roundings:
    """The roundings of a network's choices, found when they are asked for, and kept."""

    def __init__(
        self,
        network: fx.GraphModule,
        choices: Sequence[NetworkChoice],
        batches: Sequence[Tensor],
        settings: PtqSettings,
        progress: Progress,
    ) -> None:
        self._network, self._batches, self._settings, self._progress = network, batches, settings, progress
        self._tensors = {node for choice in choices for node in choice.rounded}
        self._found: dict[tuple[str, str], ChoiceRounding] = {}
        self._codecs: dict[tuple[str, bool], Codec] = {}

    def of(self, choice: NetworkChoice, format_name: str) -> ChoiceRounding:
        """The rounding of a choice. Raises DataError for a tensor in a format of blocks."""
        if (choice.name, format_name) not in self._found:
            weights = None
            if choice.weights is not None:
                weights = FakeQuantize.of_weights(
                    choice.weights.weight,
                    format_name,
                    self._settings.granularity,
                    self._settings.weight_scales,
                    power_of_two=self._settings.power_of_two,
                    name=choice.weights_of[0],
                )
                self._share_tables(weights)
            tensors = {node: self._of_tensor(node, format_name) for node in choice.rounded}
            self._found[choice.name, format_name] = ChoiceRounding(choice, format_name, weights, tensors)
        return self._found[choice.name, format_name]

    @cached_property
    def _samples(self) -> dict[fx.Node, TensorSample]:
        return observe(self._network, self._tensors, self._batches, self._settings.seed, self._progress)

    def _of_tensor(self, node: fx.Node, format_name: str) -> FakeQuantize:
        sample, method = self._samples[node], self._settings.activation_scales
        quantiser = FakeQuantize(*sample.quantiser_of(format_name, method, node.name))
        self._share_tables(quantiser)
        return quantiser

    def _share_tables(self, quantiser: FakeQuantize) -> None:
        """Look numbers up in the tables of the first quantiser of this format: they take a megabyte."""
        number_format = quantiser.number_format
        quantiser.codec = self._codecs.setdefault((number_format.name, number_format.signed), quantiser.codec)
