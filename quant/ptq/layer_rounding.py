"""How a single layer's weights are rounded and its bias corrected, given what it reads in both networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from quant.granularity import Granularity
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import WeightedLayer
from quant.ptq.rounding import InputMoments, input_rows, kernel_taps, round_compensating, target_weights
from quant.scaling import ScaleMethod

Rounding = Literal["nearest", "gptq", "gptaq"]

_ROWS_FOR_EACH_WEIGHT, _LEAST_ROWS = 16, 2**11  # of a convolution's input that are looked at in each batch


@dataclass(frozen=True)
class PtqSettings:
    """How a network is quantised."""

    rounding: Rounding = "gptaq"
    """To the nearest value; or so that later weights make up for the errors of earlier ones (GPTQ); or of weights that
    have first made up for the errors in the layer's input (GPTAQ). `rounding.py` has the formulas."""
    correct_bias: bool = True
    granularity: Granularity = field(default_factory=lambda: Granularity(axis=0))
    """Of the weights' scales; activations have one for each tensor."""
    weight_scales: ScaleMethod | None = None
    """By default of least error; for MX formats by the standard's rule."""
    activation_scales: ScaleMethod | None = None
    power_of_two: bool = False
    """Whether the weights' scales are powers of two."""
    seed: int = 0

    @property
    def depend_on_data(self) -> bool:
        """Whether rounding or biases depend on a layer's inputs."""
        return self.rounding != "nearest" or self.correct_bias


class LayerRounder:
    """Rounds layers as the settings say; what is drawn follows from the seed and the order of the layers."""

    def __init__(self, settings: PtqSettings) -> None:
        self._settings = settings
        self._generator = torch.Generator().manual_seed(settings.seed)

    def round(self, layer: WeightedLayer, format_name: str, inputs: Sequence[tuple[Tensor, Tensor]], name: str) -> None:
        """Give the layer new weights and, as their parametrization, what rounds them.

        `inputs` are those of the float and of the quantised network, a pair for each batch; none: to the nearest.
        """
        settings = self._settings
        moments = self._moments(layer, inputs) if inputs else None
        weights = layer.weight.detach().clone()
        groups = 1 if isinstance(layer, nn.Linear) else layer.groups
        as_rows = (groups, weights.shape[0] // groups, weights[0].numel())
        if moments is not None and settings.correct_bias:
            moments = moments.centred()
        if moments is not None and settings.rounding == "gptaq":
            weights = target_weights(weights.reshape(as_rows).double(), moments).float().reshape(weights.shape)
        quantiser = FakeQuantize.of_weights(
            weights,
            format_name,
            settings.granularity,
            settings.weight_scales,
            power_of_two=settings.power_of_two,
            name=name,
        )
        errs = format_name != "fp32"
        if errs and moments is not None and settings.rounding != "nearest":
            each = quantiser.scale_of_each(weights).reshape(as_rows)
            weights = round_compensating(weights.reshape(as_rows), moments, each, quantiser).reshape(weights.shape)
        layer.weight = nn.Parameter(weights)
        parametrize.register_parametrization(layer, "weight", quantiser)

    def _moments(self, layer: WeightedLayer, inputs: Sequence[tuple[Tensor, Tensor]]) -> InputMoments:
        taps = kernel_taps(layer, inputs[0][0])
        found = None
        for x, y in inputs:
            wanted = max(_LEAST_ROWS, _ROWS_FOR_EACH_WEIGHT * layer.weight[0].numel()) // len(x)
            chosen = taps[:, torch.randperm(taps.shape[1], generator=self._generator)[:wanted]]
            moments = InputMoments.of(input_rows(layer, x, chosen), input_rows(layer, y, chosen))
            found = moments if found is None else found + moments
        assert found is not None
        return found


def correct_bias(layer: WeightedLayer, expected: Sequence[Tensor], found: Sequence[Tensor]) -> None:
    """Add to the bias what the mean output of each channel misses, and to the outputs found, in place."""
    channel = -1 if isinstance(layer, nn.Linear) else 1
    differences = [(x - y).movedim(channel, 0).flatten(1).double() for x, y in zip(expected, found, strict=True)]
    total = torch.stack([difference.sum(1) for difference in differences]).sum(0)
    correction = (total / sum(difference.shape[1] for difference in differences)).float()
    layer.bias = nn.Parameter(correction if layer.bias is None else layer.bias.detach() + correction)
    for y in found:
        y.movedim(channel, -1).add_(correction)
