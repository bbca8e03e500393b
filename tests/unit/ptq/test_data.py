"""What `quant.ptq.data` takes as data, what it refuses, and what accuracy is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from quant import QuantError
from quant.ptq import data as ptq_data
from quant.ptq.data import accuracy, load_data

ROWS = np.zeros((4, 1, 2, 2), np.float32)
LABELS = np.arange(4, dtype=np.uint8)


def written(path: Path, **arrays: Any) -> Path:
    np.savez(path, **({"calibration": ROWS, "test_inputs": ROWS[:2]} | arrays))
    return path


def test_arrays_become_tensors(tmp_path: Path) -> None:
    path = written(tmp_path / "d.npz", train_inputs=ROWS.astype(np.float64), train_labels=LABELS)
    data = load_data(path)
    assert data.calibration.shape == (4, 1, 2, 2)
    assert data.test_labels is None
    assert data.train_inputs is not None
    assert data.train_labels is not None
    assert (data.train_inputs.dtype, data.train_labels.dtype) == (torch.float32, torch.int64)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"test_label": LABELS[:2]}, "array 'test_label'; did you mean 'test_labels'?"),
        ({"test_labels": LABELS}, r"test_labels: uint8, shape \(4,\), for 2 inputs"),
        ({"test_labels": np.array([0, -1])}, "test_labels: int64"),
        ({"test_labels": np.array([0.0, 1.0])}, "test_labels: float64"),
        ({"calibration_labels": LABELS[:3]}, "calibration_labels"),
        ({"train_inputs": ROWS}, "training rows without labels"),
        ({"test_inputs": ROWS[:, :, :1]}, r"test_inputs: float32, shape \(4, 1, 1, 2\)"),
        ({"test_inputs": ROWS[:0]}, r"test_inputs: float32, shape \(0, 1, 2, 2\)"),
        ({"calibration": ROWS.astype(np.uint8)}, "calibration: uint8"),
        ({"calibration": np.full((2, 1, 2, 2), np.nan)}, "calibration: NaN"),
        ({"calibration": np.array([object()])}, "pickle"),
    ],
)
def test_wrong_data_is_one_error(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = written(tmp_path / "d.npz", **arrays)
    with pytest.raises(QuantError, match=message) as caught:
        load_data(path)
    assert str(path) in str(caught.value)


def test_calibration_and_test_inputs_must_be_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", calibration=ROWS)
    with pytest.raises(QuantError, match="no array 'test_inputs'"):
        load_data(tmp_path / "d.npz")


def test_accuracy_is_counted_over_all_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows in batches of two, three of them right: 60 %."""
    monkeypatch.setattr(ptq_data, "_BATCH_NUMBERS", 6)
    scores = torch.eye(3)[[0, 1, 2, 0, 1]]
    assert accuracy(nn.Identity(), scores, torch.tensor([0, 1, 2, 1, 0])) == pytest.approx(60)


def test_without_labels_the_float_network_says_what_is_right() -> None:
    class Second(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.one_hot(torch.ones(len(x), dtype=torch.int64), 3).float()

    rows = torch.zeros(2, 3)
    assert ptq_data.TaskData(rows, rows).expected_classes(Second()).tolist() == [1, 1]
    labelled = ptq_data.TaskData(rows, rows, test_labels=torch.tensor([0, 2]))
    assert labelled.expected_classes(Second()).tolist() == [0, 2]
