"""The named tensors of a model file: .npz or .safetensors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from quant.errors import FileError
from quant.files import replacing

Tensors = dict[str, npt.NDArray[Any]]


def load_tensors(path: Path) -> Tensors:
    """The tensors of a model file by name. Raises FileError for what cannot be read, and for pickled objects."""
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise FileError(f"{path}: no reader for {path.suffix or 'a file without suffix'}", ", ".join(_READERS))
    try:
        return reader(path)
    except (OSError, EOFError, KeyError, TypeError, ValueError, SafetensorError, zipfile.BadZipFile, zlib.error) as e:
        raise FileError(f"{path}: {e}", f"a readable {path.suffix} file of plain arrays, no pickles") from None


def _load_npz(path: Path) -> Tensors:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        return {name: archive[name] for name in archive.files}


def save_npz(tensors: Tensors, path: Path) -> None:
    """Write an .npz file; the name appears when all of it is written. Unlike `numpy.savez`, takes any name."""
    with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, tensor in tensors.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, tensor, allow_pickle=False)


_READERS: dict[str, Callable[[Path], Tensors]] = {".npz": _load_npz, ".safetensors": load_file}
