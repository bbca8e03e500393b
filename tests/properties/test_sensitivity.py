"""Invariants of measured sensitivity on random networks."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from quant.ptq.sensitivity import measure_sensitivity


@given(st.integers(0, 2**32 - 1), st.sampled_from(["dybit", "int", "flint"]), st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_finer_format_of_a_family_has_no_more_noise(seed: int, family: str, signed: bool) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    inputs = torch.randn(20, 6) * torch.randn(20, 6).exp()
    formats = [f"{family}{bits}" for bits in (8, 6, 4, 3)]
    found = measure_sensitivity(model, formats, inputs if signed else inputs.abs(), measures=["noise"])
    for choice in found.choices:
        noise = [choice.error(name, "noise") for name in formats]
        assert noise == sorted(noise)
