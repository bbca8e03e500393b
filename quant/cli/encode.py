"""What `quant encode` does with a model's tensors."""

from __future__ import annotations

import difflib
import re

from quant.encoded import EncodedModel, encode_layer
from quant.errors import DataError
from quant.formats import get_format
from quant.granularity import Granularity
from quant.models import Tensors
from quant.scaling import METHODS, Percentile, ScaleMethod, choose_scales


def encode_model(
    tensors: Tensors, bits: str, granularity: Granularity, method: str | None, percentile: float, power_of_two: bool
) -> EncodedModel:
    """Encode the floating tensors of two and more axes. Raises QuantError for wrong input, also if there is none."""
    width = re.fullmatch(r"w(\d)(a\d)?", bits)
    number_format = get_format(f"dybit{width[1]}" if width else bits)
    scale_method = _method(method, percentile)
    layers, kept = {}, {}
    for name, tensor in tensors.items():
        if tensor.dtype.kind != "f" or tensor.ndim < 2:
            kept[name] = tensor
            continue
        scales = choose_scales(tensor, number_format, granularity, scale_method, power_of_two=power_of_two, name=name)
        layers[name] = encode_layer(tensor, number_format, scales, granularity, name)
    if not layers:
        raise DataError("the model has nothing to encode", "a floating tensor of two or more axes")
    return EncodedModel(layers, kept)


def _method(name: str | None, percentile: float) -> ScaleMethod | None:
    if name is None:
        return None
    if name not in METHODS:
        nearest = difflib.get_close_matches(name, METHODS, n=1)
        raise DataError(f"--method {name!r}", ", ".join(METHODS), nearest[0] if nearest else None)
    return Percentile(percentile) if name == "percentile" else METHODS[name]()
