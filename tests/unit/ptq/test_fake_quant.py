"""Fake quantisation: forward as the format rounds, backward as the docstring's formulas."""

import numpy as np
import pytest
import torch

from quant import get_format
from quant.granularity import Granularity
from quant.ptq.fake_quant import FakeQuantize
from quant.scaling import choose_scales


@pytest.mark.parametrize(
    "granularity", [Granularity(), Granularity(0), Granularity(0, 4), Granularity(None, 7)], ids=str
)
@pytest.mark.parametrize("name", ["dybit4", "int8", "fp4_e2m1"])
def test_forward_is_the_format_at_the_scale_of_each_row(name: str, granularity: Granularity) -> None:
    x = np.random.default_rng(0).standard_normal((6, 3, 5)).astype(np.float32)
    number_format = get_format(name)
    scales = choose_scales(x, number_format, granularity)
    rows = granularity.rows(x)
    decoded = number_format.decode(number_format.encode(rows, scales[:, None]), scales[:, None], np.float32)
    fake = FakeQuantize(number_format, torch.from_numpy(scales), granularity)
    assert np.array_equal(fake(torch.from_numpy(x)).detach().numpy(), granularity.tensor(decoded, x.shape))


def test_gradients_pass_straight_through_within_the_range_and_stop_beyond() -> None:
    fake = FakeQuantize(get_format("dybit4"), torch.tensor([0.5]))  # ends at 4, times the scale: 2
    x = torch.tensor([-3.0, -1.9, 0.3, 1.99, 2.01], requires_grad=True)
    fake(x).backward(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 2.0, 3.0, 4.0, 0.0]


def test_gradient_of_the_scale_is_that_of_learned_step_size() -> None:
    """x / scale = 0.6, rounded to 0.5: -0.1; beyond the end, the end: 4. In log2 times scale * ln 2."""
    fake = FakeQuantize(get_format("dybit4"), torch.tensor([0.5]))
    fake.log2_factor.requires_grad_(True)
    fake(torch.tensor([0.3, 9.0])).sum().backward()
    assert fake.log2_factor.grad is not None
    assert fake.log2_factor.grad.item() == pytest.approx((-0.1 + 4) * 0.5 * np.log(2))


def test_scale_of_each_number() -> None:
    fake = FakeQuantize(get_format("int4"), torch.tensor([1.0, 2.0, 3.0, 4.0]), Granularity(0, 2))
    assert fake.scale_of_each(torch.zeros(2, 3)).tolist() == [[1, 1, 2], [3, 3, 4]]
