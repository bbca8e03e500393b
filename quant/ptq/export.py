"""A fake-quantised network as encoded layers: what the accelerator reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from torch import fx, nn

from quant.encoded import NETWORK_INPUT, EncodedModel, StoredTensor, encode_layer
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import array_layers
from quant.ptq.quantise import input_quantiser, weight_quantiser

#: Modules that the vector unit runs as layers of their own.
_VECTOR_LAYERS = (nn.LayerNorm, nn.Softmax)


def encoded_layers(network: fx.GraphModule) -> EncodedModel:
    """The weights of a network of `quantise` as codes, by the name of their tensor; all else is kept as it is.

    Decoded, each layer is bit for bit the weight that the fake-quantised network computes with. A layer also says which
    format its input has, so that `accelsim run --bits` takes the file; and how each stored tensor is quantised, under
    the name of the layer that makes it, so that the simulator computes its values.
    """
    layers = {}
    weighted = {name: layer for name, layer in array_layers(network).items() if layer.module is not None}
    for name, layer in weighted.items():
        assert layer.module is not None
        quantiser = weight_quantiser(layer.module)
        encoded = encode_layer(
            layer.module.get_parameter("parametrizations.weight.original").detach().numpy(),
            quantiser.number_format,
            quantiser.current_scales.detach().numpy(),
            quantiser.granularity,
            f"{name}.weight",
        )
        activations = input_quantiser(network, layer.nodes[0]).number_format.name
        layers[f"{name}.weight"] = replace(encoded, activations=activations)
    kept = {
        name: np.asarray(tensor)
        for name, tensor in network.state_dict().items()
        if name.partition(".parametrizations.")[0] not in weighted and "_quantiser." not in name
    }
    return EncodedModel(layers, kept, _stored_tensors(network))


def _stored_tensors(network: fx.GraphModule) -> dict[str, StoredTensor]:
    """How each rounded tensor is stored, by its maker; those of makers that several tensors come from are left out."""
    position = {node: index for index, node in enumerate(network.graph.nodes)}
    found: dict[str, StoredTensor] = {}
    ambiguous = set()
    for node in network.graph.nodes:
        quantiser = network.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(quantiser, FakeQuantize):
            maker = _maker(network, node.args[0], position)
            ambiguous |= {maker} & set(found)
            found[maker] = StoredTensor(quantiser.number_format, float(quantiser.current_scales))
    return {name: tensor for name, tensor in found.items() if name not in ambiguous}


def _maker(network: fx.GraphModule, node: fx.Node, position: Mapping[fx.Node, int]) -> str:
    """The layer whose result a tensor is, behind activation functions, sums and pools: the last one computed."""
    calls = {call: name for name, layer in array_layers(network).items() for call in layer.nodes}
    while True:
        if node in calls:
            return calls[node]
        if node.op == "placeholder":
            return NETWORK_INPUT
        if node.op == "call_module" and isinstance(network.get_submodule(str(node.target)), _VECTOR_LAYERS):
            return str(node.target)
        if not node.all_input_nodes:
            return node.name
        node = max(node.all_input_nodes, key=position.__getitem__)
