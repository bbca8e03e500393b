"""A fake-quantised network as encoded layers: what the accelerator reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import fx

from quant.encoded import EncodedModel, encode_layer
from quant.ptq.graph import array_layers
from quant.ptq.quantise import input_quantiser, weight_quantiser


def encoded_layers(network: fx.GraphModule) -> EncodedModel:
    """The weights of a network of `quantise` as codes, by the name of their tensor; all else is kept as it is.

    Decoded, each layer is bit for bit the weight that the fake-quantised network computes with. A layer also says which
    format its input has, so that `accelsim run --bits` takes the file.
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
    return EncodedModel(layers, kept)
