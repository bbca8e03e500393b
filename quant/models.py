"""The named tensors of a model: a file of them, or a torch module that a function makes."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, deserialize, safe_open

from quant.errors import DataError, FileError, QuantError
from quant.files import replacing

Tensors = dict[str, npt.NDArray[Any]]

_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load_tensors(model: str | Path) -> Tensors:
    """The tensors of a model by name, in its order.

    `model` is a file (.npz, .safetensors, .pt or .pth with a state dict) or `package.module:factory`, a function that
    is called without arguments and returns a torch module. bfloat16 comes back as float32. Raises QuantError for what
    cannot be read, for pickled objects, and where torch is needed and missing.
    """
    path = Path(model)
    reader = _READERS.get(path.suffix)
    if _FACTORY.fullmatch(str(model)) and not path.exists():
        tensors: Tensors = _torch_models(str(model)).state_of_factory(str(model))
        return tensors
    if reader is None:
        allowed = f"{', '.join(_READERS)}, or package.module:factory"
        raise FileError(f"{path}: no reader for {path.suffix or 'a file without suffix'}", allowed)
    try:
        return reader(path)
    except QuantError:
        raise
    except (OSError, EOFError, KeyError, TypeError, ValueError, SafetensorError, zipfile.BadZipFile, zlib.error) as e:
        raise FileError(f"{path}: {e}", f"a readable {path.suffix} file of plain arrays, no pickles") from None


def layer_tensors(tensors: Tensors) -> dict[str, str]:
    """The layers that have weights to encode: the names of their tensors, floating ones of two and more axes.

    The tensor `NAME.weight` is that of layer NAME, any other that of the layer of its own name.
    """
    found = [name for name, tensor in tensors.items() if tensor.dtype.kind == "f" and tensor.ndim >= 2]
    return {name.removesuffix(".weight"): name for name in found}


def _load_npz(path: Path) -> Tensors:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        return {name: archive[name] for name in archive.files}


def _load_safetensors(path: Path) -> Tensors:
    """With safetensors' own reader, but for bfloat16, which it cannot give to numpy: that becomes float32."""
    with safe_open(path, framework="np") as file:
        types = {name: file.get_slice(name).get_dtype() for name in list(file.keys())}
        views: dict[str, Any] = {}
        if "BF16" in types.values():
            views.update(deserialize(path.read_bytes()))  # type: ignore[no-untyped-call]
        return {
            name: _bfloat16(views[name]) if kind == "BF16" else file.get_tensor(name) for name, kind in types.items()
        }


def _bfloat16(view: dict[str, Any]) -> npt.NDArray[np.float32]:
    """The upper halves of float32 numbers, made whole."""
    return (np.frombuffer(view["data"], "<u2").astype("<u4") << 16).view("<f4").reshape(view["shape"])


def _load_torch(path: Path) -> Tensors:
    tensors: Tensors = _torch_models(str(path)).load_state_dict(path)
    return tensors


def _torch_models(where: str) -> ModuleType:
    """`quant.ptq.models`, which needs torch."""
    try:
        from quant.ptq import models
    except ImportError:
        allowed = ".npz or .safetensors, or torch: install this package with its extra, as in '.[torch]'"
        raise DataError("torch is needed to read this and is not installed", allowed, where=where) from None
    return models


def save_npz(tensors: Tensors, path: Path) -> None:
    """Write an .npz file; the name appears when all of it is written. Unlike `numpy.savez`, takes any name."""
    with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, tensor in tensors.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, tensor, allow_pickle=False)


_READERS: dict[str, Callable[[Path], Tensors]] = {
    ".npz": _load_npz,
    ".safetensors": _load_safetensors,
    ".pt": _load_torch,
    ".pth": _load_torch,
}
