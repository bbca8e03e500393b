"""Encoded layers, and the one safetensors file that holds those of a model: see `docs/encoded-files.md`."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from quant.e8m0 import e8m0_bytes, e8m0_scales
from quant.errors import DataError, FileError, QuantError
from quant.files import replacing
from quant.formats import NumberFormat, get_format
from quant.granularity import Granularity
from quant.packing import pack_codes, packed_bytes, unpack_codes
from quant.scaling import checked_numbers

SCHEMA_VERSION = 1
Array = npt.NDArray[Any]

NETWORK_INPUT = "input"
"""The name under which a model's `activations` have the network's input."""


@dataclass(frozen=True)
class EncodedLayer:
    """A tensor as packed codes, in C order, and a scale for each row of `granularity`."""

    packed: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float32]
    number_format: NumberFormat
    shape: tuple[int, ...]
    granularity: Granularity
    activations: str | None = None
    """Name of the format of the layer's input, if it was decided."""

    @property
    def payload_bytes(self) -> int:
        """Bytes of the packed codes: ceil(numbers * bits / 8), what the weights take in the accelerator's DRAM."""
        return packed_bytes(math.prod(self.shape), self.number_format.bits)

    @property
    def scale_bytes(self) -> int:
        """Bytes of the stored scales: 4 for each, 1 where the format has scales of 8 bits."""
        return packed_bytes(self.scales.size, self.number_format.scale_bits)

    @property
    def codes(self) -> npt.NDArray[np.unsignedinteger[Any]]:
        return unpack_codes(self.packed, self.number_format.bits, self.shape)

    def decode(self) -> npt.NDArray[np.float32]:
        """The numbers that the layer stands for, in float32."""
        rows = self.number_format.decode(self.granularity.rows(self.codes), self.scales[:, None], np.float32)
        decoded: npt.NDArray[np.float32] = np.ascontiguousarray(self.granularity.tensor(rows, self.shape))
        return decoded


@dataclass(frozen=True)
class StoredTensor:
    """How an activation tensor is stored: its format and its one scale, a float32."""

    number_format: NumberFormat
    scale: float


@dataclass(frozen=True)
class EncodedModel:
    """Layers by name, the tensors that are kept as they are, and how activations are stored, by the layer that makes
    them (`NETWORK_INPUT`: the network's input).
    """

    layers: Mapping[str, EncodedLayer]
    kept: Mapping[str, Array] = field(default_factory=dict)
    activations: Mapping[str, StoredTensor] = field(default_factory=dict)


class _LayerHeader(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    format: str
    signed: bool = Field(strict=True)
    bits: int = Field(ge=1, le=32, strict=True)
    shape: tuple[int, ...]
    axis: int | None
    group_size: int | None
    activations: str | None = None


class _TensorHeader(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    format: str
    signed: bool = Field(strict=True)
    scale: float = Field(gt=0, allow_inf_nan=False)


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    layers: dict[str, _LayerHeader]
    checksums: dict[str, int]
    activations: dict[str, _TensorHeader] = {}


def encode_layer(
    x: npt.ArrayLike,
    number_format: NumberFormat,
    scales: npt.NDArray[np.float32],
    granularity: Granularity,
    name: str = "tensor",
) -> EncodedLayer:
    """The codes nearest to `x` at the given scales, one for each row of `granularity`. Errors as `choose_scales`."""
    numbers, granularity = checked_numbers(x, name), granularity.with_blocks(number_format.block_size)
    rows = number_format.encode(granularity.rows(numbers), scales[:, None])
    codes = granularity.tensor(rows, numbers.shape)
    return EncodedLayer(pack_codes(codes, number_format.bits), scales, number_format, numbers.shape, granularity)


def save_encoded(model: EncodedModel, path: Path) -> None:
    """Write the model as one file; the name appears when all of it is written. Raises OSError."""
    tensors = {f"kept/{name}": np.ascontiguousarray(tensor) for name, tensor in model.kept.items()}
    for name, layer in model.layers.items():
        tensors |= {f"codes/{name}": layer.packed, f"scales/{name}": _stored_scales(layer)}
    header = _Header(
        layers={name: _layer_header(layer) for name, layer in model.layers.items()},
        checksums={key: _checksum(tensor) for key, tensor in tensors.items()},
        activations={name: _tensor_header(tensor) for name, tensor in model.activations.items()},
    ).model_dump_json()
    metadata = {
        "schema_version": str(SCHEMA_VERSION),
        "header": header,
        "header_crc32": str(zlib.crc32(header.encode())),
    }
    with replacing(path) as partial:
        partial.write_bytes(save(tensors, metadata))


def load_encoded(path: Path) -> EncodedModel:
    """Read a file of `save_encoded`, bit for bit. Raises FileError for whatever is wrong with it."""
    try:
        with safe_open(path, framework="np") as file:
            header = _read_header(path, file.metadata() or {})
            stored = set(file.keys())
            if stored != set(header.checksums):
                names = ", ".join(sorted(stored ^ set(header.checksums)))
                raise FileError(f"tensors and header disagree about {names}", where=str(path))
            tensors = {key: file.get_tensor(key) for key in stored}
    except QuantError:
        raise
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise FileError(str(error), "a safetensors file of encoded layers", where=str(path)) from None
    for key, tensor in tensors.items():
        if _checksum(tensor) != header.checksums[key]:
            raise FileError(f"tensor {key}: checksum does not match, the file is corrupted", where=str(path))
    try:
        layers = {name: _layer(name, entry, tensors) for name, entry in header.layers.items()}
        activations = {name: _stored_tensor(name, entry) for name, entry in header.activations.items()}
    except QuantError as error:
        raise FileError(error.found, error.allowed, error.nearest, where=str(path)) from None
    kept = {key.removeprefix("kept/"): tensor for key, tensor in tensors.items() if key.startswith("kept/")}
    return EncodedModel(layers, kept, activations)


def _stored_scales(layer: EncodedLayer) -> Array:
    return e8m0_bytes(layer.scales) if layer.number_format.scale_bits == 8 else layer.scales


def _layer_header(layer: EncodedLayer) -> _LayerHeader:
    number_format, granularity = layer.number_format, layer.granularity
    return _LayerHeader(
        format=number_format.name,
        signed=number_format.signed,
        bits=number_format.bits,
        shape=layer.shape,
        axis=granularity.axis,
        group_size=granularity.group_size,
        activations=layer.activations,
    )


def _tensor_header(tensor: StoredTensor) -> _TensorHeader:
    number_format = tensor.number_format
    return _TensorHeader(format=number_format.name, signed=number_format.signed, scale=tensor.scale)


def _stored_tensor(name: str, header: _TensorHeader) -> StoredTensor:
    number_format = get_format(header.format, header.signed)
    with np.errstate(over="ignore"):
        exact = float(np.float32(header.scale)) == header.scale
    if number_format.signed != header.signed or not exact:
        found = f"activations of {name}: {header.format}, signed {header.signed}, scale {header.scale}"
        raise DataError(found, f"a scale in float32, signed {number_format.signed}")
    return StoredTensor(number_format, header.scale)


def _read_header(path: Path, metadata: Mapping[str, str]) -> _Header:
    version, text = metadata.get("schema_version"), metadata.get("header")
    if version != str(SCHEMA_VERSION) or text is None:
        raise FileError(
            f"no encoded layers of schema version {SCHEMA_VERSION} (found version {version})", where=str(path)
        )
    if metadata.get("header_crc32") != str(zlib.crc32(text.encode())):
        raise FileError("header's checksum does not match, the file is corrupted", where=str(path))
    try:
        return _Header.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FileError(f"header, {where}: {first['msg']}", where=str(path)) from None


def _layer(name: str, header: _LayerHeader, tensors: Mapping[str, Array]) -> EncodedLayer:
    number_format = get_format(header.format, header.signed)
    if (number_format.bits, number_format.signed) != (header.bits, header.signed):
        found = f"layer {name}: {header.format} of {header.bits} bits, signed {header.signed}"
        raise DataError(found, f"{number_format.bits} bits, signed {number_format.signed}")
    if not header.shape or min(header.shape) < 1:
        raise DataError(f"layer {name}: shape {header.shape}", "sizes of 1 or more")
    granularity = Granularity(header.axis, header.group_size)
    if granularity != granularity.with_blocks(number_format.block_size):
        raise DataError(f"layer {name}: {header.format} without group size", f"{number_format.block_size}")
    for key in (f"codes/{name}", f"scales/{name}"):
        if key not in tensors:
            raise DataError(f"layer {name}: no tensor {key}")
    packed, scales = tensors[f"codes/{name}"], tensors[f"scales/{name}"]
    expected = (packed_bytes(math.prod(header.shape), header.bits),)
    if packed.dtype != np.uint8 or packed.shape != expected:
        raise DataError(f"layer {name}: codes of {packed.dtype}, shape {packed.shape}", f"uint8, shape {expected}")
    row_count = granularity.row_shape(header.shape)[0]
    scale_type = np.dtype(np.uint8 if number_format.scale_bits == 8 else np.float32)
    if scales.dtype != scale_type or scales.shape != (row_count,):
        found = f"layer {name}: scales of {scales.dtype}, shape {scales.shape}"
        raise DataError(found, f"{scale_type}, ({row_count},)")
    if scale_type == np.uint8:
        scales = e8m0_scales(scales)
    if not (np.isfinite(scales) & (scales > 0)).all():
        raise DataError(f"layer {name}: a scale that is not positive and finite")
    activations = None if header.activations is None else get_format(header.activations).name
    return EncodedLayer(packed, scales, number_format, header.shape, granularity, activations)


def _checksum(tensor: Array) -> int:
    """CRC-32 of `TYPE SHAPE` (as in `float32 (3, 4)`), followed by the bytes."""
    described = f"{tensor.dtype.name} {tensor.shape}".encode()
    return zlib.crc32(tensor.tobytes(), zlib.crc32(described))
