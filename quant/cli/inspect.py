"""What `quant inspect` says of an encoded model."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import typer

from quant.encoded import EncodedLayer, EncodedModel
from quant.errors import DataError
from quant.models import Tensors

_FLOAT32_BYTES = 4


def summary(model: EncodedModel, original: Tensors | None) -> dict[str, Any]:
    """Each layer's format, shape and bytes, and with the original its RMSE and SQNR (dB; None for no error)."""
    layers = [_layer(name, layer, original) for name, layer in model.layers.items()]
    return {"layers": layers, "kept": sorted(model.kept)}


def print_document(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8"))


def print_table(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    layers = document["layers"]
    table = Table(*(key.replace("_", " ") for key in layers[0])) if layers else Table("no layers")
    for layer in layers:
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in layer.values()))
    Console(highlight=False).print(table)


def _layer(name: str, layer: EncodedLayer, original: Tensors | None) -> dict[str, Any]:
    number_format = layer.number_format
    stored_bytes = layer.payload_bytes + layer.scale_bytes
    document: dict[str, Any] = {
        "name": name,
        "format": number_format.name,
        "bits": number_format.bits,
        "signed": number_format.signed,
        "shape": list(layer.shape),
        "granularity": str(layer.granularity),
        "payload_bytes": layer.payload_bytes,
        "scale_bytes": layer.scale_bytes,
        "compression": math.prod(layer.shape) * _FLOAT32_BYTES / stored_bytes,
    }
    return document if original is None else document | _error(name, layer, original)


def _error(name: str, layer: EncodedLayer, original: Tensors) -> dict[str, float | None]:
    if name not in original or original[name].shape != layer.shape:
        raise DataError(f"the original has no tensor {name} of shape {layer.shape}")
    numbers = original[name].astype(np.float64)
    error, signal = np.mean((layer.decode() - numbers) ** 2), np.mean(numbers**2)
    sqnr_db = 10 * math.log10(signal / error) if error and signal else None
    return {"rmse": math.sqrt(error), "sqnr_db": sqnr_db}
