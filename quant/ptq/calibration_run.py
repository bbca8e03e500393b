"""Calibration data that sensitivity is measured on, and what the float network makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, fx

from quant.errors import DataError
from quant.scaling import checked_numbers

_BATCH_NUMBERS = 2**19  # of inputs run at a time, so that some of what passes between layers stays in the caches


@dataclass(frozen=True)
class CalibrationRun:
    """Inputs, shape (rows, *input), in batches too; the float network's output for each row; classes, if known."""

    inputs: Tensor
    batches: tuple[Tensor, ...]
    outputs: Tensor
    labels: Tensor | None

    @classmethod
    def of(cls, network: fx.GraphModule, calibration: object, labels: object | None) -> CalibrationRun:
        """Run the network. Raises DataError for inputs that are none of its, NaN, and labels that do not fit."""
        inputs = torch.as_tensor(calibration)
        if not inputs.is_floating_point() or inputs.ndim < 2 or not inputs.numel():
            raise DataError(f"calibration: {inputs.dtype}, shape {tuple(inputs.shape)}", "floats, shape (rows, *input)")
        inputs = inputs.float().cpu()
        checked_numbers(inputs.numpy(), "calibration")
        batches = torch.split(inputs, max(1, _BATCH_NUMBERS // inputs[0].numel()))
        try:
            with torch.no_grad():
                results = [network(batch) for batch in batches]
        except RuntimeError as error:  # torch's, about shapes
            reason = str(error).splitlines()[0]
            raise DataError(f"calibration: shape {tuple(inputs.shape)}: {reason}", "inputs of the network") from None
        if not all(isinstance(result, Tensor) for result in results) or sum(map(len, results)) != len(inputs):
            raise DataError(
                f"the network's result is {type(results[0]).__name__}", "a tensor with a row for each input"
            )
        run = cls(inputs, batches, torch.cat(results), None)
        return run if labels is None else cls(inputs, batches, run.outputs, run._classes(torch.as_tensor(labels)))

    @property
    def are_logits(self) -> bool:
        """Whether the network gives a row of logits, for two classes or more, for each input."""
        return self.outputs.ndim == 2 and self.outputs.shape[1] > 1

    def _classes(self, labels: Tensor) -> Tensor:
        if labels.is_floating_point() or labels.shape != self.inputs.shape[:1]:
            found = f"labels: {labels.dtype}, shape {tuple(labels.shape)}, for {len(self.inputs)} inputs"
            raise DataError(found, "a class from 0, a whole number, for each input")
        if not self.are_logits:
            found = f"labels for a network whose result has the shape {tuple(self.outputs.shape)}"
            raise DataError(found, "a row of logits for each input, or no labels")
        if not 0 <= int(labels.min()) <= int(labels.max()) < self.outputs.shape[1]:
            found = f"labels from {int(labels.min())} to {int(labels.max())}"
            raise DataError(found, f"classes from 0 to {self.outputs.shape[1] - 1}")
        return labels.long().cpu()
