"""What `quant inspect` says of an encoded model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from quant.encoded import EncodedLayer, EncodedModel
from quant.errors import DataError
from quant.models import Tensors

_FLOAT32_BYTES = 4


def summary(model: EncodedModel, original: Tensors | None) -> dict[str, Any]:
    """Each layer's format, shape, bytes and all-zero rows; with the original its RMSE and SQNR (dB, None: no error)."""
    layers = [_layer(name, layer, original) for name, layer in model.layers.items()]
    return {"layers": layers, "kept": sorted(model.kept)}


def print_summary(document: dict[str, Any]) -> None:
    from rich.text import Text

    from quant.report.terminal import new_table, print_table

    layers = document["layers"]
    errors = ("RMSE", "SQNR dB") if layers and "rmse" in layers[0] else ()
    numbers = ("bytes", "scales", "smaller", "0 rows", *errors)
    table = new_table("", ("tensor", "format", "input", "shape", "scale per"), numbers)
    for layer in layers:
        table.add_row(
            Text(layer["name"]),
            layer["format"] if layer["signed"] else f"{layer['format']} unsigned",
            layer["activations"] or "-",
            "x".join(map(str, layer["shape"])),
            layer["granularity"].removeprefix("per ").replace("channel of ", ""),
            f"{layer['payload_bytes']:,}",
            f"{layer['scale_bytes']:,}",
            f"{layer['compression']:.2f}x",
            str(layer["zero_rows"] or "-"),
            *((f"{layer['rmse']:.3g}", _decibels(layer["sqnr_db"])) if errors else ()),
        )
    print_table(table)


def _decibels(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _layer(name: str, layer: EncodedLayer, original: Tensors | None) -> dict[str, Any]:
    number_format = layer.number_format
    stored_bytes = layer.payload_bytes + layer.scale_bytes
    document: dict[str, Any] = {
        "name": name,
        "format": number_format.name,
        "bits": number_format.bits,
        "signed": number_format.signed,
        "activations": layer.activations,
        "shape": list(layer.shape),
        "granularity": str(layer.granularity),
        "payload_bytes": layer.payload_bytes,
        "scale_bytes": layer.scale_bytes,
        "zero_rows": _zero_rows(layer),
        "compression": math.prod(layer.shape) * _FLOAT32_BYTES / stored_bytes,
    }
    return document if original is None else document | _error(name, layer, original)


def _zero_rows(layer: EncodedLayer) -> int:
    """Rows, each with a scale of its own, whose every number is zero."""
    return int(np.sum(~layer.granularity.rows(layer.decode()).any(axis=1)))


def _error(name: str, layer: EncodedLayer, original: Tensors) -> dict[str, float | None]:
    if name not in original or original[name].shape != layer.shape:
        raise DataError(f"the original has no tensor {name} of shape {layer.shape}")
    numbers = original[name].astype(np.float64)
    error, signal = np.mean((layer.decode() - numbers) ** 2), np.mean(numbers**2)
    sqnr_db = 10 * math.log10(signal / error) if error and signal else None
    return {"rmse": math.sqrt(error), "sqnr_db": sqnr_db}
