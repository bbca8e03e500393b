"""What allocations leave of a network's accuracy, after quantisation and after training on; measured once and kept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, fx, nn

from quant.allocation.file import LayerFormats, allocation_text
from quant.content_cache import ContentCache, content_key
from quant.errors import DataError
from quant.ptq.calibration import Progress
from quant.ptq.data import TaskData, accuracy
from quant.ptq.graph import trace
from quant.ptq.layer_rounding import PtqSettings, Rounding
from quant.ptq.quantise import quantise
from quant.ptq.sensitivity import measure_sensitivity
from quant.ptq.training import Augment, TrainingSettings, train
from quant.sensitivity import Measure, Sensitivity

_BATCH_ROWS, _CHECKPOINT_EVERY = 128, 20  # rows, steps
_LEARNING_RATE = 1e-4  # tenfold, and a converged 8-bit network loses half a point: docs/accuracy.md
_VERSION = "1"  # of what is measured: another one makes all that is cached stale


class AccuracyMeter:
    """Measures a network on data: the percentage of test inputs whose most likely class is the expected one.

    `augment` is that of training. With `cache`, a folder, what was measured before of the same network, data and
    settings is taken from there, and what is measured is kept there at once; training that was stopped goes on from its
    checkpoint there. Raises DataError for a model that cannot be traced, and data that it cannot take.
    """

    def __init__(
        self,
        model: nn.Module,
        data: TaskData,
        settings: PtqSettings | None = None,
        *,
        augment: Augment | None = None,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._model, self._data = copy.deepcopy(model).eval(), data
        self._settings = settings or PtqSettings()
        self._augment, self._progress = augment, progress
        self._cache, self._folder = ContentCache(cache), cache
        self._check_fit()

    @property
    def is_agreement(self) -> bool:
        """Whether, without labels, the float network says which class is expected."""
        return self._data.test_labels is None

    @property
    def has_training_data(self) -> bool:
        return self._data.train_inputs is not None

    @cached_property
    def floating(self) -> float:
        """Of the float network; 100 where it says itself what is expected."""
        key = content_key(self._content, "float")
        return self._kept(key, lambda: accuracy(self._model, self._data.test_inputs, self._classes))

    def after_ptq(self, allocation: Mapping[str, LayerFormats]) -> float:
        """Of the network quantised at an allocation. Raises DataError as `quantise`."""
        return self._kept(self._ptq_key(allocation), lambda: self._accuracy(self._quantised(allocation)))

    def after_qat(self, allocation: Mapping[str, LayerFormats], steps: int) -> float:
        """Of the network quantised, measured and then trained on for so many steps.

        Raises DataError without training data, and as `quantise`.
        """
        inputs, labels = self._data.train_inputs, self._data.train_labels
        if inputs is None or labels is None:
            raise DataError("no training data", "train_inputs and train_labels")
        rows = min(_BATCH_ROWS, len(inputs))
        training = TrainingSettings(
            steps, rows, _LEARNING_RATE, checkpoint_every=_CHECKPOINT_EVERY, seed=self._settings.seed
        )
        how = f"{asdict(training)} {getattr(self._augment, '__qualname__', None)}"
        key = content_key(self._content, self._training_content, allocation_text(allocation), how)
        checkpoint = None if self._folder is None else self._folder / f"{key}.pt"

        def measured() -> float:
            network = self._quantised(allocation)
            self._kept(self._ptq_key(allocation), lambda: self._accuracy(network))
            augment, progress = self._augment, self._progress
            train(network, inputs, labels, training, augment=augment, checkpoint=checkpoint, progress=progress)
            return self._accuracy(network)

        found = self._kept(key, measured)
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
        return found

    def sensitivity(
        self, formats: Sequence[str], measures: Sequence[Measure], rounding: Rounding | None = None
    ) -> Sensitivity:
        """What rounding each tensor of the float network does, on the calibration data. Errors as of the function.

        By default as the network is quantised; "nearest" is several times as fast (docs/sensitivity.md).
        """
        data, settings = self._data, self._settings
        if rounding is not None:
            settings = replace(settings, rounding=rounding, correct_bias=rounding != "nearest")
        return measure_sensitivity(
            self._model,
            formats,
            data.calibration,
            labels=data.calibration_labels,
            measures=measures,
            settings=settings,
            cache=self._folder,
            progress=self._progress,
        )

    def _ptq_key(self, allocation: Mapping[str, LayerFormats]) -> str:
        return content_key(self._content, allocation_text(allocation))

    def _kept(self, key: str, measure: Callable[[], float]) -> float:
        found = self._cache.read(key)
        if "percent" not in found:
            found = {"percent": measure()}
            self._cache.write(key, found)
        return found["percent"]

    def _quantised(self, allocation: Mapping[str, LayerFormats]) -> fx.GraphModule:
        return quantise(self._model, allocation, self._data.calibration_batches(), self._settings, self._progress)

    def _accuracy(self, network: nn.Module) -> float:
        return accuracy(network, self._data.test_inputs, self._classes)

    @cached_property
    def _classes(self) -> Tensor:
        return self._data.expected_classes(self._model)

    @cached_property
    def _content(self) -> str:
        """The key of all that every number depends on, but the allocation and training."""
        network = trace(self._model)
        state = [f"{name} {_bytes(tensor)!r}" for name, tensor in network.state_dict().items()]
        data = [self._data.calibration, self._data.test_inputs, self._data.test_labels]
        held = [_bytes(tensor) for tensor in data if tensor is not None]
        return content_key(_VERSION, str(network), *state, str(asdict(self._settings)), *held)

    @cached_property
    def _training_content(self) -> str:
        rows = (self._data.train_inputs, self._data.train_labels)
        return content_key(*(_bytes(tensor) for tensor in rows if tensor is not None))

    def _check_fit(self) -> None:
        """Raise DataError unless the model gives scores of classes for the inputs, and labels are such classes."""
        network = trace(self._model)
        try:
            with torch.inference_mode():
                scores = network(self._data.test_inputs[:1])
        except (RuntimeError, ValueError, TypeError) as error:  # torch's, about shapes
            reason = str(error).splitlines()[0]
            found = f"inputs of shape {tuple(self._data.test_inputs.shape[1:])}: {reason}"
            raise DataError(found, "inputs of the network") from None
        if not isinstance(scores, Tensor) or scores.ndim != 2:
            raise DataError("a network that does not give a score for each class", "a classifier")
        for name in ("test_labels", "train_labels"):
            labels = getattr(self._data, name)
            if labels is not None and int(labels.max()) >= scores.shape[1]:
                raise DataError(f"{name} up to {int(labels.max())}", f"classes from 0 to {scores.shape[1] - 1}")


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().contiguous().numpy().tobytes()
