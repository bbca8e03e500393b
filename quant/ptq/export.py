"""A fake-quantised network as encoded layers: what the accelerator reads."""

from __future__ import annotations

import numpy as np
from torch import fx, nn
from torch.nn.utils import parametrize

from quant.encoded import EncodedModel, encode_layer
from quant.ptq.quantise import weight_quantiser


def encoded_layers(network: fx.GraphModule) -> EncodedModel:
    """The weights of a network of `quantise` as codes, by the name of their tensor; all else is kept as it is.

    Decoded, each layer is bit for bit the weight that the fake-quantised network computes with.
    """
    layers, kept = {}, {}
    quantised = {name: module for name, module in network.named_modules() if _has_rounded_weights(module)}
    for name, module in quantised.items():
        quantiser = weight_quantiser(module)
        original = module.parametrizations.weight.original
        layers[f"{name}.weight"] = encode_layer(
            original.detach().numpy(),
            quantiser.number_format,
            quantiser.current_scales.detach().numpy(),
            quantiser.granularity,
            f"{name}.weight",
        )
    for name, tensor in network.state_dict().items():
        owner = name.partition(".parametrizations.")[0]
        if owner not in quantised and not name.endswith(("_quantiser.scales", "_quantiser.log2_factor")):
            kept[name] = np.asarray(tensor)
    return EncodedModel(layers, kept)


def _has_rounded_weights(module: nn.Module) -> bool:
    return parametrize.is_parametrized(module, "weight")
