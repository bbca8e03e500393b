"""What `quant encode` does with a model's tensors."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from quant.allocation.bits import allocate
from quant.allocation.file import LayerFormats
from quant.encoded import EncodedModel, encode_layer
from quant.errors import DataError
from quant.formats import get_format
from quant.granularity import Granularity
from quant.models import Tensors, layer_tensors
from quant.scaling import METHODS, Percentile, ScaleMethod, choose_scales


def encode_model(
    tensors: Tensors,
    allocation: Mapping[str, LayerFormats],
    granularity: Granularity,
    method: ScaleMethod | None,
    power_of_two: bool,
) -> EncodedModel:
    """Encode the weights of each layer, keep the other tensors. Raises QuantError for what cannot be encoded."""
    layers, encoded = layer_tensors(tensors), {}
    for layer, formats in allocation.items():
        name = layers[layer]
        number_format = get_format(formats.weights)
        scales = choose_scales(tensors[name], number_format, granularity, method, power_of_two=power_of_two, name=name)
        codes = encode_layer(tensors[name], number_format, scales, granularity, name)
        encoded[name] = replace(codes, activations=formats.activations)
    in_order = {name: encoded[name] for name in tensors if name in encoded}
    return EncodedModel(in_order, {name: tensor for name, tensor in tensors.items() if name not in encoded})


def allocation_for(tensors: Tensors, bits: str, pins: Sequence[str]) -> dict[str, LayerFormats]:
    """The formats of the layers of a model. Raises QuantError as `allocate`, and for a model without layers."""
    layers = layer_tensors(tensors)
    if not layers:
        raise DataError("the model has nothing to encode", "a floating tensor of two or more axes")
    return allocate(layers, bits, pins)


def scale_method(name: str | None, percentile: float) -> ScaleMethod | None:
    """The method called so; None stands for the format's own. Raises DataError for another name."""
    if name is None:
        return None
    if name not in METHODS:
        nearest = difflib.get_close_matches(name, METHODS, n=1)
        raise DataError(f"--method {name!r}", ", ".join(METHODS), nearest[0] if nearest else None)
    return Percentile(percentile) if name == "percentile" else METHODS[name]()
