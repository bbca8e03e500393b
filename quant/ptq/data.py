"""What a network is calibrated, tested and trained on: arrays of one .npz file, and accuracy on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from quant.errors import DataError
from quant.models import load_tensors

_BATCH_ROWS, _BATCH_NUMBERS = 128, 2**20  # of inputs run at a time: six crops of 224 x 224, or 128 small images


@dataclass(frozen=True)
class TaskData:
    """Inputs are float32, shape (rows, *input); labels are classes from 0, int64, shape (rows,)."""

    calibration: Tensor
    test_inputs: Tensor
    test_labels: Tensor | None = None
    """Without them, accuracy is agreement with the float network's most likely class."""
    calibration_labels: Tensor | None = None
    train_inputs: Tensor | None = None
    train_labels: Tensor | None = None

    def calibration_batches(self) -> list[Tensor]:
        """What `quantise` takes."""
        return batches(self.calibration)

    def expected_classes(self, floating: nn.Module) -> Tensor:
        """The classes that count as right: the labels, or what the float network says."""
        return most_likely(floating, self.test_inputs) if self.test_labels is None else self.test_labels


def load_data(path: Path | str) -> TaskData:
    """The arrays of a file: `calibration` and `test_inputs`, and the other fields of `TaskData` where they are there.

    Raises FileError for what cannot be read (pickles are not), DataError for other arrays, inputs that are not
    floating-point and finite or differ in shape, labels that are not whole numbers from 0, or not one for each input.
    """
    arrays = load_tensors(path)
    names = [field.name for field in fields(TaskData)]
    where = str(path)
    for name in arrays:
        if name not in names:
            raise DataError(f"array {name!r}", ", ".join(names), *get_close_matches(name, names, n=1), where=where)
    for name in ("calibration", "test_inputs"):
        if name not in arrays:
            raise DataError(f"no array {name!r}", "calibration, test_inputs, and labels and training rows", where=where)
    if ("train_inputs" in arrays) != ("train_labels" in arrays):
        raise DataError("training rows without labels, or labels without rows", "both or neither", where=where)
    return TaskData(**{name: _checked(name, arrays, where) for name in arrays})


def most_likely(network: nn.Module, inputs: Tensor) -> Tensor:
    """The most likely class of each input, shape (rows,)."""
    with torch.inference_mode():
        return torch.cat([network(batch).argmax(1) for batch in batches(inputs)])


def accuracy(network: nn.Module, inputs: Tensor, classes: Tensor) -> float:
    """Percentage of the inputs whose most likely class is the expected one; the network is run as it is."""
    return 100 * (most_likely(network, inputs) == classes).double().mean().item()


def batches(inputs: Tensor) -> list[Tensor]:
    """The rows, as many at a time as are run together."""
    return list(torch.split(inputs, max(1, min(_BATCH_ROWS, _BATCH_NUMBERS // inputs[0].numel()))))


def _checked(name: str, arrays: Mapping[str, npt.NDArray[Any]], where: str) -> Tensor:
    array = arrays[name]
    if name.endswith("labels"):
        rows = arrays[name.replace("labels", "inputs") if name != "calibration_labels" else "calibration"]
        if array.dtype.kind not in "iu" or array.shape != rows.shape[:1] or (array.size and array.min() < 0):
            found = f"{name}: {array.dtype}, shape {array.shape}, for {len(rows)} inputs"
            raise DataError(found, "a class from 0, a whole number, for each input", where=where)
        return torch.from_numpy(array.astype(np.int64))
    shape = arrays["calibration"].shape[1:]
    if array.dtype.kind != "f" or array.ndim < 2 or not array.size or array.shape[1:] != shape:
        found = f"{name}: {array.dtype}, shape {array.shape}"
        raise DataError(found, f"float32, shape (rows, {', '.join(map(str, shape)) or 'input'})", where=where)
    if not np.isfinite(array).all():
        raise DataError(f"{name}: NaN or infinity", "finite numbers", where=where)
    return torch.from_numpy(array.astype(np.float32, copy=False))
