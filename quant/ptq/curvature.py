"""How the loss curves in weights and tensors: the diagonal of the Fisher matrix, and Hutchinson's trace of the Hessian.

The loss is the Kullback-Leibler divergence from the float network's own class probabilities p. There its gradient is 0
and its Hessian H is the Fisher matrix, E[g g^T]: `docs/sensitivity.md` has the formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn

from quant.ptq.choice_rounding import ChoiceRounding
from quant.ptq.graph import WeightedLayer


def fisher_errors(
    network: fx.GraphModule,
    inputs: Tensor,
    roundings: Sequence[ChoiceRounding],
    generator: torch.Generator,
    progress: Callable[[int], None],
) -> list[float]:
    """For each rounding 1/2 * sum_i F_ii delta_i^2, a mean over the inputs, which are run one by one.

    The gradient of an input is that of logits * (S u): S S^T = diag(p) - p p^T, and u has a random sign for each class.
    """
    layers = list(dict.fromkeys(r.choice.weights for r in roundings if r.choice.weights is not None))
    nodes = list(dict.fromkeys(node for rounding in roundings for node in rounding.tensors))
    squares = {layer: torch.zeros_like(layer.weight) for layer in layers}
    totals = [0.0] * len(roundings)
    with _differentiable(network, layers):
        for row, x in enumerate(torch.split(inputs, 1)):
            keeping = _Keeping(network, nodes)
            logits = keeping.run(x)
            root = fisher_root_times(random_signs(logits, generator), logits.detach().softmax(1))
            gradients = torch.autograd.grad(
                (logits * root).sum(), [*(layer.weight for layer in layers), *keeping.kept.values()], allow_unused=True
            )
            for layer, gradient in zip(layers, gradients, strict=False):
                squares[layer] += 0 if gradient is None else gradient.square()
            of_tensors = dict(zip(keeping.kept, gradients[len(layers) :], strict=True))
            for index, rounding in enumerate(roundings):
                for node, quantiser in rounding.tensors.items():
                    exact, gradient = keeping.kept[node].detach(), of_tensors[node]
                    if gradient is not None:
                        totals[index] += _half_sum(gradient.square(), quantiser(exact) - exact) / len(inputs)
            progress(row + 1)
    for index, rounding in enumerate(roundings):
        if rounding.choice.weights is not None and rounding.weights is not None:
            weights = rounding.choice.weights.weight.detach()
            difference = rounding.weights(weights).detach() - weights
            totals[index] = _half_sum(squares[rounding.choice.weights] / len(inputs), difference)
    return totals


def fisher_root_times(u: Tensor, p: Tensor) -> Tensor:
    """S u for each row, S = diag(sqrt p) - p sqrt(p)^T: over random signs u, the mean of S u (S u)^T is S S^T."""
    weighted = p.sqrt() * u
    return weighted - p * weighted.sum(1, keepdim=True)


def hessian_products(
    network: fx.GraphModule,
    batches: Sequence[Tensor],
    layers: Mapping[str, WeightedLayer],
    directions: Sequence[Tensor],
) -> dict[str, float]:
    """For each layer v . (H v)_layer, v its direction and H v that of all together; H of the mean over the inputs.

    With random signs it is a draw of H's trace in the layer (Hutchinson): what other layers add has mean 0.
    """
    weights = [layer.weight for layer in layers.values()]
    found = dict.fromkeys(layers, 0.0)
    rows = sum(len(batch) for batch in batches)
    with _differentiable(network, layers.values()):
        for batch in batches:
            logits = network(batch)
            loss = nn.functional.cross_entropy(logits, logits.detach().softmax(1), reduction="sum")
            gradients = torch.autograd.grad(loss, weights, create_graph=True)
            along = torch.stack([(g * v).sum() for g, v in zip(gradients, directions, strict=True)]).sum()
            products = torch.autograd.grad(along, weights)
            for name, product, v in zip(layers, products, directions, strict=True):
                found[name] += (product * v).sum().item() / rows
    return found


def _half_sum(squared_gradient: Tensor, difference: Tensor) -> float:
    return 0.5 * (squared_gradient * difference.square()).double().sum().item()


def random_signs(like: Tensor, generator: torch.Generator) -> Tensor:
    """1 or -1 for each number of a tensor."""
    return torch.randint(0, 2, like.shape, generator=generator).to(like.dtype) * 2 - 1


@contextmanager
def _differentiable(network: nn.Module, layers: Iterable[WeightedLayer]) -> Iterator[None]:
    """Inside, the weights of some layers, and no other parameters, have gradients; outside none has."""
    network.requires_grad_(False)
    for layer in layers:
        layer.weight.requires_grad_(True)
    yield
    network.requires_grad_(False)


class _Keeping(fx.Interpreter):
    """Runs a network and keeps what some nodes produce, with its gradient; nodes behind get a copy."""

    def __init__(self, network: fx.GraphModule, nodes: Sequence[fx.Node]) -> None:
        super().__init__(network)
        self.kept: dict[fx.Node, Tensor] = {}
        self._nodes = frozenset(nodes)

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if n in self._nodes:
            self.kept[n] = result if result.requires_grad else result.requires_grad_(True)
            return result.clone()
        return result
