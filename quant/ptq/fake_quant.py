"""Fake quantisation: numbers rounded to a format and scaled back, with gradients that pass straight through."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from quant.formats import NumberFormat, get_format
from quant.granularity import Granularity
from quant.ptq.codec import Codec
from quant.scaling import ScaleMethod, choose_scales


class FakeQuantize(nn.Module):
    """Rounds a tensor to `scale * value`, a value of the format for each number.

    `scales` has a positive number for each row of `granularity`, shape (rows,). Axis 0 is the only axis a scale can
    belong to: the output channels of weights. In training each scale can learn: it is `scales * 2^log2_factor`, so
    that it stays positive and a step of the optimiser is a relative one. Also a parametrization for
    `torch.nn.utils.parametrize`: the weight that a layer sees is then the rounded one.

    Gradients: straight-through within the format's range and none beyond it; those of the scale as in Esser et al.,
    "Learned Step Size Quantization", ICLR 2020, for any set of values: (value - x / scale) within, the end beyond.
    """

    scales: Tensor

    def __init__(self, number_format: NumberFormat, scales: Tensor, granularity: Granularity | None = None) -> None:
        super().__init__()
        self.codec = Codec(number_format)
        self.granularity = granularity or Granularity()
        assert self.granularity.axis in (None, 0)
        self.register_buffer("scales", scales.float())
        self.log2_factor = nn.Parameter(torch.zeros_like(self.scales), requires_grad=False)

    @classmethod
    def of_weights(
        cls,
        weights: Tensor,
        format_name: str,
        granularity: Granularity,
        method: ScaleMethod | None = None,
        *,
        power_of_two: bool = False,
        name: str = "weights",
    ) -> FakeQuantize:
        """What rounds these weights, in blocks if the format has them; `choose_scales` has the rest, and the errors."""
        number_format = get_format(format_name)
        granularity = granularity.with_blocks(number_format.block_size)
        numbers = weights.detach().numpy()
        scales = choose_scales(numbers, number_format, granularity, method, power_of_two=power_of_two, name=name)
        return cls(number_format, torch.from_numpy(scales), granularity)

    @property
    def number_format(self) -> NumberFormat:
        return self.codec.number_format

    @property
    def current_scales(self) -> Tensor:
        """The scales as they are used, shape (rows,)."""
        return self.scales * torch.exp2(self.log2_factor)

    def forward(self, x: Tensor) -> Tensor:
        rows = self._rows(x)
        rounded = _RoundStraightThrough.apply(rows, self.current_scales[:, None], self.codec)  # type: ignore[no-untyped-call]
        return self._tensor(rounded, x.shape)

    def round_rows(self, rows: Tensor, scales: Tensor) -> Tensor:
        """Without gradients: numbers rounded at scales that broadcast to them."""
        return self.codec.round(rows / scales) * scales

    def scale_of_each(self, x: Tensor) -> Tensor:
        """The scale that belongs to each number of a tensor, in the tensor's shape."""
        rows = self._rows(x)
        return self._tensor(self.current_scales.detach()[:, None].expand_as(rows), x.shape)

    def extra_repr(self) -> str:
        sign = "signed" if self.number_format.signed else "unsigned"
        return f"{self.number_format.name}, {sign}, {self.granularity}"

    def _rows(self, x: Tensor) -> Tensor:
        by_channel = x.reshape(1 if self.granularity.axis is None else x.shape[0], -1)
        size = self.granularity.group_size
        if size is None:
            return by_channel
        return nn.functional.pad(by_channel, (0, -by_channel.shape[1] % size)).reshape(-1, size)

    def _tensor(self, rows: Tensor, shape: torch.Size) -> Tensor:
        channels = 1 if self.granularity.axis is None else shape[0]
        by_channel = rows.reshape(channels, -1)
        return by_channel[:, : shape.numel() // channels].reshape(shape)


class _RoundStraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, codec: Codec) -> Tensor:
        quotient = x / scale
        value = codec.round(quotient)
        ctx.save_for_backward(quotient, value)
        ctx.limits = codec.number_format.min_value, codec.number_format.max_value
        return value * scale

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None]:
        quotient, value = ctx.saved_tensors
        low, high = ctx.limits
        within = (quotient >= low) & (quotient <= high)
        to_scale = None
        if ctx.needs_input_grad[1]:
            to_scale = (gradient * torch.where(within, value - quotient, value)).sum(dim=1, keepdim=True)
        return gradient * within, to_scale, None
