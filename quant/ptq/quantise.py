"""Post-training quantisation: a float network and an allocation in, a network of fake-quantised layers out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

from quant.allocation.file import LayerFormats
from quant.granularity import Granularity
from quant.ptq.calibration import Progress, observe
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import WeightedLayer, array_layers, tensor_formats, trace
from quant.ptq.rounding import InputMoments, input_rows, kernel_taps, round_compensating, target_weights
from quant.ptq.walk import Walk
from quant.scaling import ScaleMethod, checked_numbers

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


def quantise(
    model: nn.Module,
    allocation: Mapping[str, LayerFormats],
    calibration: Iterable[Tensor],
    settings: PtqSettings | None = None,
    progress: Progress | None = None,
) -> fx.GraphModule:
    """A fake-quantised copy of the model: every array layer's weights and input rounded to the allocation's formats.

    `calibration` is batches of inputs, a few hundred in all. Batch norms are folded. Activations are unsigned where the
    calibration data has no negative number. The result computes in float32 with rounded numbers, on the CPU, where this
    is done; `quant.ptq.train` trains it, `quant.ptq.encoded_layers` gives its weights as codes.

    Raises DataError for a model that cannot be traced, for an allocation that does not fit it, for NaN in weights or
    activations.
    """
    settings = settings or PtqSettings()
    batches = [batch.float().cpu() for batch in calibration]
    network = trace(model)
    for name, parameter in model.named_parameters():
        checked_numbers(parameter.detach().float().cpu().numpy(), name)
    formats = tensor_formats(network, allocation)
    samples = observe(network, formats, batches, settings.seed, progress)
    floating = copy.deepcopy(network)
    for node, name in formats.items():
        number_format, scale = samples[node].quantiser_of(name, settings.activation_scales, node.name)
        _insert(network, node, FakeQuantize(number_format, scale))
    network.recompile()
    weights = {name: entry.weights for name, entry in allocation.items()}
    _Lockstep(floating, network, weights, settings).run(batches, progress)
    return network


def weight_quantiser(layer: nn.Module) -> FakeQuantize:
    """What rounds the weights of a layer of a quantised network."""
    quantiser = layer.get_submodule("parametrizations.weight.0")
    assert isinstance(quantiser, FakeQuantize)
    return quantiser


def input_quantiser(network: fx.GraphModule, call: fx.Node) -> FakeQuantize:
    """What rounds the tensor that a call of an array layer reads, in a quantised network."""
    source = call.args[0]
    assert isinstance(source, fx.Node)
    quantiser = network.get_submodule(str(source.target))
    assert isinstance(quantiser, FakeQuantize)
    return quantiser


def _insert(network: fx.GraphModule, node: fx.Node, quantiser: FakeQuantize) -> None:
    """Let every reader of a tensor read it rounded."""
    name = f"{node.name}_quantiser"
    network.add_submodule(name, quantiser)
    with network.graph.inserting_after(node):
        rounded = network.graph.call_module(name, (node,))
    node.replace_all_uses_with(rounded, delete_user_cb=lambda user: user is not rounded)


class _Lockstep:
    """Runs the float and the quantised network side by side, and quantises each layer's weights when it is reached.

    A layer that is called more than once is quantised for the inputs of its first call.
    """

    def __init__(
        self, floating: fx.GraphModule, quantised: fx.GraphModule, weights: Mapping[str, str], settings: PtqSettings
    ) -> None:
        self._floating, self._quantised = floating, quantised
        self._weights, self._settings = weights, settings
        self._generator = torch.Generator().manual_seed(settings.seed)

    @torch.no_grad()
    def run(self, batches: Sequence[Tensor], progress: Progress | None) -> None:
        """Quantise every layer with weights, in order. Batches are run only if rounding or biases depend on data."""
        by_data = self._settings.rounding != "nearest" or self._settings.correct_bias
        walks = [(Walk(self._floating, batch), Walk(self._quantised, batch)) for batch in batches if by_data]
        reference = {node.name: node for node in self._floating.graph.nodes}
        layers = array_layers(self._quantised)
        first_calls = {layer.nodes[0]: layer for layer in layers.values() if layer.module is not None}
        for done, node in enumerate(self._quantised.graph.nodes):
            twin = reference.get(node.name)
            if (layer := first_calls.get(node)) is not None:
                assert layer.module is not None
                assert twin is not None
                inputs = [(x.values[twin.args[0]], y.values[node.args[0]]) for x, y in walks]
                moments = self._moments(layer.module, inputs) if walks else None
                self._quantise_layer(layer.name, layer.module, moments)
            for x, y in walks:
                if twin is not None:
                    x.step(twin)
                y.step(node)
            if layer is not None and walks and self._settings.correct_bias:
                assert layer.module is not None
                _correct_bias(layer.module, [x.values[twin] for x, _ in walks], [y.values[node] for _, y in walks])
            if progress:
                progress("quantising", done + 1, len(self._quantised.graph.nodes))

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

    def _quantise_layer(self, name: str, layer: WeightedLayer, moments: InputMoments | None) -> None:
        settings = self._settings
        weights = layer.weight.detach().clone()
        groups = 1 if isinstance(layer, nn.Linear) else layer.groups
        as_rows = (groups, weights.shape[0] // groups, weights[0].numel())
        if moments is not None and settings.correct_bias:
            moments = moments.centred()
        if moments is not None and settings.rounding == "gptaq":
            weights = target_weights(weights.reshape(as_rows).double(), moments).float().reshape(weights.shape)
        quantiser = FakeQuantize.of_weights(
            weights,
            self._weights[name],
            settings.granularity,
            settings.weight_scales,
            power_of_two=settings.power_of_two,
            name=name,
        )
        if moments is not None and settings.rounding != "nearest":
            each = quantiser.scale_of_each(weights).reshape(as_rows)
            weights = round_compensating(weights.reshape(as_rows), moments, each, quantiser).reshape(weights.shape)
        layer.weight = nn.Parameter(weights)
        parametrize.register_parametrization(layer, "weight", quantiser)


def _correct_bias(layer: WeightedLayer, expected: Sequence[Tensor], found: Sequence[Tensor]) -> None:
    """Add to the bias what the mean output of each channel misses, and to the outputs found, in place."""
    channel = -1 if isinstance(layer, nn.Linear) else 1
    differences = [(x - y).movedim(channel, 0).flatten(1).double() for x, y in zip(expected, found, strict=True)]
    total = torch.stack([difference.sum(1) for difference in differences]).sum(0)
    correction = (total / sum(difference.shape[1] for difference in differences)).float()
    layer.bias = nn.Parameter(correction if layer.bias is None else layer.bias.detach() + correction)
    for y in found:
        y.movedim(channel, -1).add_(correction)
