"""Compensating rounding: its statistics are those of the convolution, and its errors are smaller where it matters."""

import pytest
import torch
from torch import Tensor, nn

from quant import get_format
from quant.granularity import Granularity
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.rounding import InputMoments, input_rows, kernel_taps, round_compensating, target_weights
from quant.scaling import choose_scales

CONVOLUTIONS = [
    (nn.Conv2d(6, 8, 3, stride=2, padding=1, dilation=2, groups=2), (2, 6, 11, 9)),
    (nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), (2, 4, 7, 7)),
    (nn.Conv1d(3, 5, 4), (3, 3, 20)),
    (nn.Conv2d(3, 5, 1, stride=2), (2, 3, 8, 8)),
]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def rows(count: int = 4000, numbers: int = 64, groups: int = 2) -> Tensor:
    """Correlated inputs: a few causes behind many numbers."""
    causes = torch.randn(groups, count, 3, generator=generator())
    mixing = torch.randn(groups, 3, numbers, generator=generator())
    return causes @ mixing + 0.1 * torch.randn(groups, count, numbers, generator=generator())


@pytest.mark.parametrize(("layer", "shape"), CONVOLUTIONS)
def test_rows_times_weights_are_the_outputs(layer: nn.Conv2d, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=generator())
    weight_rows = layer.weight.reshape(layer.groups, -1, layer.weight[0].numel())
    products = input_rows(layer, x, kernel_taps(layer, x)) @ weight_rows.transpose(1, 2)
    by_channel = products.reshape(layer.groups, shape[0], -1, weight_rows.shape[1]).permute(1, 0, 3, 2)
    bias = 0 if layer.bias is None else layer.bias.reshape(-1, *[1] * (len(shape) - 2))
    outputs = layer(x)
    torch.testing.assert_close(by_channel.reshape(outputs.shape) + bias, outputs)


def test_rows_of_a_linear_layer_are_its_inputs() -> None:
    x = torch.randn(3, 4, 5)
    assert torch.equal(input_rows(nn.Linear(5, 2), x, kernel_taps(nn.Linear(5, 2), x)), x.reshape(1, 12, 5))


def test_moments_add_up_and_are_centred() -> None:
    x, y = rows(), rows().square()
    moments = InputMoments.of(x[:, :1000], y[:, :1000]) + InputMoments.of(x[:, 1000:], y[:, 1000:])
    centred_y = (y - y.mean(1, keepdim=True)).double()
    torch.testing.assert_close(moments.centred().yy, centred_y.transpose(1, 2) @ centred_y, rtol=1e-4, atol=1e-2)
    assert moments.count == 4000


def test_the_target_undoes_what_the_quantised_input_lost() -> None:
    """If the input shrank by a half, the weights double."""
    x, weights = rows(), torch.randn(2, 4, 64, generator=generator()).double()
    target = target_weights(weights, InputMoments.of(x, x / 2))
    output = (x / 2).double() @ target.transpose(1, 2)
    expected = x.double() @ weights.transpose(1, 2)
    assert (output - expected).norm() < 0.02 * expected.norm()


@pytest.mark.parametrize("name", ["int3", "dybit4", "nf4"])
def test_outputs_err_less_than_with_the_nearest_weights(name: str) -> None:
    x, weights = rows(), torch.randn(2, 4, 64, generator=generator())
    number_format = get_format(name)
    best = torch.from_numpy(choose_scales(weights.reshape(8, 64).numpy(), number_format, Granularity(0)))
    quantiser, scales = FakeQuantize(number_format, best, Granularity(0)), best.reshape(2, 4, 1).expand_as(weights)
    rounded = round_compensating(weights, InputMoments.of(x, x), scales, quantiser)
    nearest = quantiser.round_rows(weights, scales)
    assert torch.equal(quantiser.round_rows(rounded, scales), rounded)
    error, nearest_error = ((x @ (found - weights).transpose(1, 2)).norm() for found in (rounded, nearest))
    assert error < 0.7 * nearest_error


def test_without_correlation_it_is_the_nearest() -> None:
    weights = torch.randn(1, 4, 70, generator=generator())
    quantiser = FakeQuantize(get_format("dybit4"), torch.ones(4), Granularity(0))
    identity = torch.eye(70, dtype=torch.float64)[None]
    moments = InputMoments(1, torch.zeros(1, 70), torch.zeros(1, 70), identity, identity)
    scales = torch.ones_like(weights)
    assert torch.equal(round_compensating(weights, moments, scales, quantiser), quantiser.round_rows(weights, scales))


def test_example_of_the_page() -> None:
    """docs/ptq.md: damping adds 0.01 to the diagonal of [[1, 0.5], [0.5, 1]]."""
    correlation = torch.tensor([[[1.0, 0.5], [0.5, 1.0]]], dtype=torch.float64)
    moments = InputMoments(1, torch.zeros(1, 2), torch.zeros(1, 2), correlation, correlation)
    quantiser, weights = FakeQuantize(get_format("int4"), torch.ones(1)), torch.tensor([[[0.6, 0.6]]])
    rounded = round_compensating(weights, moments, torch.ones_like(weights), quantiser)
    assert rounded.tolist() == [[[1.0, 0.0]]]
    damped = correlation[0] + 0.01 * torch.eye(2)
    errors = [(found - weights)[0, 0].double() for found in (rounded, weights.round())]
    assert [(d @ damped @ d).item() for d in errors] == pytest.approx([0.285, 0.483], abs=5e-4)
