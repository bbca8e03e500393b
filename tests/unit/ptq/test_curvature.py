"""The Fisher matrix and the Hessian against their definitions."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from quant.ptq.curvature import fisher_root_times, hessian_products
from quant.ptq.graph import trace

INPUTS = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3))


def test_the_root_of_the_covariance_of_the_classes() -> None:
    """The mean over all signs u of S u (S u)^T is diag(p) - p p^T."""
    p = torch.tensor([0.7, 0.2, 0.1])
    signs = torch.tensor(list(product((-1.0, 1.0), repeat=3)))
    found = fisher_root_times(signs, p.expand(8, 3))
    torch.testing.assert_close(found.T @ found / 8, p.diag() - p.outer(p))


def test_hessian_along_each_axis_is_its_diagonal() -> None:
    """Against torch.autograd.functional.hessian of the divergence from the network's own classes."""
    model = network()
    names = ("0.weight", "2.weight")
    weights = [model.get_parameter(name).detach() for name in names]
    expected_classes = model(INPUTS).detach().softmax(1)

    def divergence(flat: Tensor) -> Tensor:
        parts = flat.split([weight.numel() for weight in weights])
        state = {name: part.reshape(w.shape) for name, part, w in zip(names, parts, weights, strict=True)}
        return nn.functional.cross_entropy(functional_call(model, state, INPUTS), expected_classes)

    start = torch.cat([weight.flatten() for weight in weights])
    hessian = torch.autograd.functional.hessian(divergence, start)
    traced = trace(model)
    layers = {"first": traced.get_submodule("0"), "second": traced.get_submodule("2")}
    first, second = (int(weight.numel()) for weight in weights)
    diagonal = []
    for axis in torch.eye(first + second):
        v = [part.reshape(w.shape) for part, w in zip(axis.split([first, second]), weights, strict=True)]
        diagonal.append(sum(hessian_products(traced, INPUTS.split(2), layers, v).values()))
    assert diagonal == pytest.approx(hessian.diag().tolist(), rel=1e-4, abs=1e-7)


def test_at_the_float_network_the_hessian_is_the_fisher_matrix() -> None:
    """Of the last layer, whose logits are linear in its weights: a closed form, E[x x^T] times diag(p) - p p^T."""
    model = trace(nn.Sequential(nn.Linear(2, 2, bias=False)))
    layer = model.get_submodule("0")
    p = model(INPUTS).detach().softmax(1)
    expected = sum(float(q[0] * q[1] * (x @ x)) for q, x in zip(p, INPUTS, strict=True)) / len(INPUTS)
    ones = hessian_products(model, [INPUTS], {"0": layer}, [torch.tensor([[1.0, 0.0], [0.0, 0.0]])])["0"]
    others = hessian_products(model, [INPUTS], {"0": layer}, [torch.tensor([[0.0, 1.0], [0.0, 0.0]])])["0"]
    assert ones + others == pytest.approx(expected, rel=1e-5)
