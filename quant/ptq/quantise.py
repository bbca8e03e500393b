"""Post-training quantisation: a float network and an allocation in, a network of fake-quantised layers out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, fx, nn

from quant.allocation.file import LayerFormats
from quant.ptq.calibration import Progress, observe
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import array_layers, tensor_formats, trace
from quant.ptq.layer_rounding import LayerRounder, PtqSettings, correct_bias
from quant.ptq.walk import Walk
from quant.scaling import checked_numbers


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
        self._rounder = LayerRounder(settings)

    @torch.no_grad()
    def run(self, batches: Sequence[Tensor], progress: Progress | None) -> None:
        """Quantise every layer with weights, in order. Batches are run only if rounding or biases depend on data."""
        by_data = self._settings.depend_on_data
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
                self._rounder.round(layer.module, self._weights[layer.name], inputs, layer.name)
            for x, y in walks:
                if twin is not None:
                    x.step(twin)
                y.step(node)
            if layer is not None and walks and self._settings.correct_bias:
                assert layer.module is not None
                correct_bias(layer.module, [x.values[twin] for x, _ in walks], [y.values[node] for _, y in walks])
            if progress:
                progress("quantising", done + 1, len(self._quantised.graph.nodes))
