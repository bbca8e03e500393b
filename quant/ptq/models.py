"""Torch models: the named tensors of a state dict in a file, and the module that a factory makes."""

from __future__ import annotations

import difflib
import importlib
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch

from quant.errors import DataError, FileError

#: Where a checkpoint that holds more than the weights keeps them.
_STATE_DICT_KEYS = ("state_dict", "model_state_dict", "model")


def load_state_dict(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a .pt file by name: a state dict, or a checkpoint with one under `state_dict`.

    Unpickles tensors and plain containers only. Raises FileError for other objects, and for what torch cannot read.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        found = "holds pickled objects, which are refused, or is no torch file"
        raise FileError(found, "tensors by name, as in torch.save(model.state_dict(), path)", where=str(path)) from None
    except Exception as error:  # whatever a damaged file leads to
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}".splitlines()[0]
        raise FileError(f"cannot be read: {reason}", "a file of torch.save", where=str(path)) from None
    if isinstance(loaded, Mapping):
        loaded = next((loaded[key] for key in _STATE_DICT_KEYS if isinstance(loaded.get(key), Mapping)), loaded)
    return _arrays(loaded, str(path))


def state_of_factory(factory: str) -> dict[str, npt.NDArray[Any]]:
    """The tensors of the module of a factory. Errors as `module_of_factory`."""
    return _arrays(module_of_factory(factory).state_dict(), factory)


def module_of_factory(factory: str) -> torch.nn.Module:
    """The torch module that `package.module:factory`, called without arguments, returns.

    Raises DataError when the import, the attribute or the call fails, or something else comes back.
    """
    module_name, _, attribute = factory.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever the module does when it is imported
        found = f"{module_name} cannot be imported: {_described(error)}"
        raise DataError(found, "a module on Python's path", where=factory) from None
    make = getattr(module, attribute, None)
    if not callable(make):
        names = [name for name in vars(module) if callable(vars(module)[name])]
        nearest = difflib.get_close_matches(attribute, names, n=1)
        raise DataError(f"{module_name} has no function {attribute!r}", "", *nearest, where=factory)
    try:
        model = make()
    except (Exception, SystemExit) as error:
        found = f"{attribute}() failed: {_described(error)}"
        raise DataError(found, "a function that returns a torch module, without arguments", where=factory) from None
    if not isinstance(model, torch.nn.Module):
        raise DataError(f"{attribute}() returned {type(model).__name__}", "a torch.nn.Module", where=factory)
    return model


def _arrays(state: object, where: str) -> dict[str, npt.NDArray[Any]]:
    if not isinstance(state, Mapping):
        raise DataError(f"holds {type(state).__name__}", "tensors by name", where=where)
    return {str(name): _array(name, value, where) for name, value in state.items()}


def _array(name: object, value: object, where: str) -> npt.NDArray[Any]:
    """As numpy; bfloat16 and 8-bit floats, which numpy lacks, in float32."""
    if not isinstance(value, torch.Tensor):
        raise DataError(f"entry {name!r} is {type(value).__name__}", "tensors by name", where=where)
    tensor = value.detach()
    try:
        if tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
            tensor = tensor.float()
        array: npt.NDArray[Any] = tensor.cpu().numpy()
    except (TypeError, RuntimeError, NotImplementedError):
        kind = f"{value.dtype}, {value.layout}, on {value.device}"
        raise DataError(f"tensor {name!r} is {kind}", "dense tensors with numbers", where=where) from None
    return array


def _described(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
