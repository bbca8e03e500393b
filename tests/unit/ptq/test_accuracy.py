"""The meter: what it measures is what `quantise` and `train` give, once, and a killed training goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from quant import DataError
from quant.allocation.file import LayerFormats
from quant.ptq import PtqSettings, quantise, trace, uniform_allocation
from quant.ptq import accuracy as ptq_accuracy
from quant.ptq.accuracy import AccuracyMeter
from quant.ptq.data import TaskData
from tests.unit.ptq.networks import Residual, images

INPUTS = images(64)
LABELS = torch.randint(5, (64,), generator=torch.Generator().manual_seed(0))
DATA = TaskData(INPUTS[:16], INPUTS, train_inputs=INPUTS, train_labels=LABELS)
W3A3 = uniform_allocation(trace(Residual()), LayerFormats("dybit3", "dybit3"))
W4A4 = uniform_allocation(trace(Residual()), LayerFormats("dybit4", "dybit4"))

FAST = PtqSettings(rounding="nearest", correct_bias=False)


def forbid(*arguments: object, **options: object) -> None:
    raise AssertionError("measured again")


def test_agreement_is_that_of_the_quantised_network() -> None:
    meter = AccuracyMeter(Residual(), DATA, FAST)
    quantised = quantise(Residual(), W3A3, [DATA.calibration], FAST)
    same = quantised(INPUTS).argmax(1) == Residual().eval()(INPUTS).argmax(1)
    assert (meter.floating, meter.is_agreement, meter.has_training_data) == (100, True, True)
    assert meter.after_ptq(W3A3) == pytest.approx(100 * same.float().mean().item())


def test_what_was_measured_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = AccuracyMeter(Residual(), DATA, FAST, cache=tmp_path)
    found = [first.after_ptq(W3A3), first.after_ptq(W4A4), first.after_qat(W3A3, 2)]
    assert not list(tmp_path.glob("*.pt"))
    monkeypatch.setattr(ptq_accuracy, "quantise", forbid)
    again = AccuracyMeter(Residual(), DATA, FAST, cache=tmp_path)
    assert [again.after_ptq(W3A3), again.after_ptq(W4A4), again.after_qat(W3A3, 2)] == found
    changes = (
        AccuracyMeter(Residual(seed=1), DATA, FAST, cache=tmp_path),
        AccuracyMeter(Residual(), replace(DATA, calibration=INPUTS[16:32]), FAST, cache=tmp_path),
        AccuracyMeter(Residual(), replace(DATA, test_labels=LABELS), FAST, cache=tmp_path),
    )
    for other in (*changes, AccuracyMeter(Residual(), DATA, cache=tmp_path)):
        with pytest.raises(AssertionError, match="measured again"):
            other.after_ptq(W3A3)
    with pytest.raises(AssertionError, match="measured again"):
        again.after_qat(W3A3, 3)


def test_a_killed_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ptq_accuracy, "_CHECKPOINT_EVERY", 1)
    steps = []

    def kill(what: str, done: int, count: int) -> None:
        if what == "training":
            steps.append(done)
            if steps == [1, 2]:
                raise KeyboardInterrupt

    expected = AccuracyMeter(Residual(), DATA, FAST).after_qat(W4A4, 4)
    meter = AccuracyMeter(Residual(), DATA, FAST, cache=tmp_path, progress=kill)
    with pytest.raises(KeyboardInterrupt):
        meter.after_qat(W4A4, 4)
    assert meter.after_qat(W4A4, 4) == expected
    assert steps == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (replace(DATA, test_labels=torch.full((64,), 5)), "test_labels up to 5 .allowed: classes from 0 to 4"),
        (replace(DATA, test_inputs=torch.zeros(4, 3, 8, 8)), r"inputs of shape \(3, 8, 8\)"),
    ],
)
def test_data_that_does_not_fit(data: TaskData, message: str) -> None:
    with pytest.raises(DataError, match=message):
        AccuracyMeter(Residual(), data)


def test_no_training_data() -> None:
    with pytest.raises(DataError, match="no training data"):
        AccuracyMeter(Residual(), TaskData(INPUTS, INPUTS)).after_qat(W4A4, 1)
