"""One choice rounded to one format, everything else in float: what it does up to the network's output.

The formulas are those of `docs/sensitivity.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, fx, nn

from quant.ptq.calibration_run import CalibrationRun
from quant.ptq.choice_rounding import Rounding
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import WeightedLayer
from quant.ptq.walk import Walk

Values = dict[fx.Node, Tensor]


def rounding_errors(
    network: fx.GraphModule, walks: Sequence[Walk], roundings: Sequence[Rounding], data: CalibrationRun | None
) -> Iterator[dict[str, float]]:
    """For each rounding of one choice `noise` and `layer`; with `data` also `output`, `kl`, `loss` and `accuracy`.

    `walks` stand before the choice's first node, one for each batch. `kl` is there for rows of logits, the last two
    with labels.
    """
    choice = roundings[0].choice
    nodes = list(network.graph.nodes)
    to_come = nodes[nodes.index(choice.first) :]
    watched = {*choice.tensors, *choice.readers}
    exact = [_replay(walk.fork(), to_come, {}, watched) for walk in walks]
    for rounding in roundings:
        found = {"noise": _noise(rounding, exact)}
        ends = set(choice.readers) | ({nodes[-1]} if data is not None else set())
        with _weights_of(rounding):
            rounded = [_replay(walk.fork(), to_come, rounding.tensors, ends) for walk in walks]
        pairs = [(y[node], x[node]) for x, y in zip(exact, rounded, strict=True) for node in choice.readers]
        found["layer"] = _noise_to_signal(pairs)
        if data is not None:
            found |= _output_errors(torch.cat([values[nodes[-1]] for values in rounded]), data)
        yield found


def _noise(rounding: Rounding, exact: Sequence[Values]) -> float:
    if rounding.weights is not None:
        assert rounding.choice.weights is not None
        weights = rounding.choice.weights.weight
        return _noise_to_signal([(rounding.weights(weights), weights)])
    return _noise_to_signal(
        [(rounding.tensors[node](values[node]), values[node]) for values in exact for node in rounding.choice.tensors]
    )


def _output_errors(outputs: Tensor, data: CalibrationRun) -> dict[str, float]:
    errors = {"output": _noise_to_signal([(outputs, data.outputs)])}
    if data.are_logits:
        log_q, log_p = outputs.double().log_softmax(1), data.outputs.double().log_softmax(1)
        errors["kl"] = nn.functional.kl_div(log_q, log_p, log_target=True, reduction="batchmean").item()
        if data.labels is not None:
            losses = [nn.functional.nll_loss(each, data.labels) for each in (log_q, log_p)]
            right, was_right = ((each.argmax(1) == data.labels).double().mean() for each in (outputs, data.outputs))
            errors |= {"loss": (losses[0] - losses[1]).item(), "accuracy": 100 * (was_right - right).item()}
    return errors


def _noise_to_signal(pairs: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Of rounded and exact values: sum (rounded - exact)^2 / sum exact^2; 0 where there is no signal."""
    noise = sum((rounded - exact).double().square().sum().item() for rounded, exact in pairs)
    signal = sum(exact.double().square().sum().item() for _, exact in pairs)
    return noise / signal if signal else 0.0


def _replay(
    walk: Walk, nodes: Sequence[fx.Node], roundings: Mapping[fx.Node, FakeQuantize], watched: Collection[fx.Node]
) -> Values:
    """Run nodes, some of them rounded, until all that are watched have run; the watched values."""
    found: Values = {}
    for node in nodes:
        walk.step(node)
        if node in roundings:
            walk.values[node] = roundings[node](walk.values[node])
        if node in watched:
            found[node] = walk.values[node].clone()
            if len(found) == len(watched):
                break
    return found


@contextmanager
def _weights_of(rounding: Rounding) -> Iterator[None]:
    """The layer of a choice of weights has them rounded inside."""
    layer: WeightedLayer | None = rounding.choice.weights
    if layer is None or rounding.weights is None:
        yield
        return
    exact = layer.weight
    layer.weight = nn.Parameter(rounding.weights(exact).detach(), requires_grad=False)
    try:
        yield
    finally:
        layer.weight = exact
