"""Layer by layer in the order of the network: weights rounded so that the *outputs* err least, and biases corrected.

The float network and the quantised one are run side by side on the calibration data. A layer's input in the second
already carries the errors of the layers before it. With X the float input, Y the quantised one (a row for each
multiplication of a weight row), W the weights, the rounded weights V shall make W X ~ V Y:

* **Target.** Without rounding the best V is T = W (X Y^T) (Y Y^T + damping)^-1. ("Asymmetric" calibration as in Li et
  al., "GPTAQ", arXiv 2504.02692.)
* **Rounding.** T is rounded column by column; the error of each column is made up for by those not yet rounded, in
  proportion to the inverse of H = Y Y^T (Frantar et al., "GPTQ", arXiv 2210.17323). Any set of values will do.
* **Bias.** What the mean output still misses is added to the bias: b + W mean(X) - V mean(Y). (Nagel et al.,
  "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2, measured means.)

X, Y are centred where the bias is corrected, since the bias then makes up for the means.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import WeightedLayer

_DAMPING = 0.01  # of the mean of H's diagonal
_BLOCK_COLUMNS = 64


@dataclass
class InputMoments:
    """Sums over the rows of X and Y for each group of channels, with d numbers in a row: float64."""

    count: int
    sum_x: Tensor
    """Shape (groups, d), as sum_y."""
    sum_y: Tensor
    xy: Tensor
    """Shape (groups, d, d), as yy."""
    yy: Tensor

    @classmethod
    def of(cls, x: Tensor, y: Tensor) -> InputMoments:
        """From rows of shape (groups, rows, d)."""
        x_t = x.transpose(1, 2)
        y_t = y.transpose(1, 2)
        return cls(x.shape[1], x.sum(1).double(), y.sum(1).double(), (x_t @ y).double(), (y_t @ y).double())

    def __add__(self, other: InputMoments) -> InputMoments:
        return InputMoments(
            self.count + other.count,
            self.sum_x + other.sum_x,
            self.sum_y + other.sum_y,
            self.xy + other.xy,
            self.yy + other.yy,
        )

    def centred(self) -> InputMoments:
        """The moments about the means."""
        xy = self.xy - self.sum_x[:, :, None] * self.sum_y[:, None, :] / self.count
        yy = self.yy - self.sum_y[:, :, None] * self.sum_y[:, None, :] / self.count
        return InputMoments(self.count, self.sum_x, self.sum_y, xy, yy)


def input_rows(layer: WeightedLayer, x: Tensor, taps: Tensor) -> Tensor:
    """What a layer multiplies its weight rows with, shape (groups, rows, d), at the outputs that `taps` are of."""
    if isinstance(layer, nn.Linear):
        return x.reshape(1, -1, x.shape[-1])
    gathered = x.flatten(2)[:, :, (taps - 1).clamp_min(0)] * (taps > 0)
    unfolded = gathered.reshape(x.shape[0], layer.groups, -1, *taps.shape)
    return unfolded.permute(1, 0, 4, 2, 3).reshape(layer.groups, x.shape[0] * taps.shape[1], -1)


def kernel_taps(layer: WeightedLayer, x: Tensor) -> Tensor:
    """Where in a channel of `x` each weight of a kernel finds its number: indices from 1, shape (taps, outputs).

    0 is padding. The layer says so itself, whatever its stride, dilation and padding: it convolves an image of indices
    with kernels that each pick one number. A linear layer has no kernel: shape (0, 0).
    """
    if isinstance(layer, nn.Linear):
        return torch.empty(0, 0, dtype=torch.int64)
    kernel = layer.weight.shape[2:]
    picking = torch.eye(kernel.numel(), dtype=torch.float64).reshape(-1, 1, *kernel)
    indices = torch.arange(1, x[0, 0].numel() + 1, dtype=torch.float64).reshape(1, 1, *x.shape[2:])
    one_channel = copy.copy(layer)
    one_channel.groups = 1
    parameters = {"weight": picking}
    if layer.bias is not None:
        parameters["bias"] = torch.zeros(kernel.numel(), dtype=torch.float64)
    picked: Tensor = functional_call(one_channel, parameters, indices)
    return picked[0].flatten(1).round().long()


def target_weights(weights: Tensor, moments: InputMoments) -> Tensor:
    """The weights that make up best, without rounding, for the errors in a layer's input.

    Shapes (groups, rows, d); float64.
    """
    aimed = weights @ (moments.xy + _damping(moments.yy))
    found: Tensor = torch.linalg.solve(_damped(moments.yy), aimed, left=False)
    return found


def round_compensating(target: Tensor, moments: InputMoments, scales: Tensor, quantiser: FakeQuantize) -> Tensor:
    """GPTQ: round the columns of `target` in turn, and let the later ones make up for the error of each.

    Shapes (groups, rows, d), scales as the target; float32. Columns beyond the current block learn of its errors at its
    end, in one product.
    """
    remaining, rounded = target.clone(), torch.empty_like(target)
    upper = _inverse_factor(moments.yy).float()
    for start in range(0, target.shape[2], _BLOCK_COLUMNS):
        end = min(start + _BLOCK_COLUMNS, target.shape[2])
        errors = torch.empty_like(target[:, :, start:end])
        for column in range(start, end):
            numbers = remaining[:, :, column]
            rounded[:, :, column] = quantiser.round_rows(numbers, scales[:, :, column])
            error = (numbers - rounded[:, :, column]) / upper[:, column, column, None]
            remaining[:, :, column + 1 : end] -= error[:, :, None] * upper[:, None, column, column + 1 : end]
            errors[:, :, column - start] = error
        remaining[:, :, end:] -= errors @ upper[:, start:end, end:]
    return rounded


def _inverse_factor(yy: Tensor) -> Tensor:
    """The upper triangular U with U^T U = (damped H)^-1: the inverse of R in H = R R^T, R upper triangular."""
    flipped = torch.linalg.cholesky(_damped(yy).flip(1, 2)).flip(1, 2)
    identity = torch.eye(yy.shape[1], dtype=yy.dtype).expand_as(yy)
    inverse: Tensor = torch.linalg.solve_triangular(flipped, identity, upper=True)
    return inverse


def _damping(yy: Tensor) -> Tensor:
    mean = yy.diagonal(dim1=1, dim2=2).mean(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
    return torch.diag_embed((_DAMPING * mean)[:, None].expand(yy.shape[:2]))


def _damped(yy: Tensor) -> Tensor:
    return yy + _damping(yy)
