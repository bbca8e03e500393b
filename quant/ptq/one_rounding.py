"""One choice rounded to one format, everything else in float: what it does up to the network's output.

The formulas are those of `docs/sensitivity.md`.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence

import torch
from torch import Tensor, fx, nn

from quant.ptq.calibration_run import CalibrationRun
from quant.ptq.choice_rounding import ChoiceRounding
from quant.ptq.graph import WeightedLayer, array_layers
from quant.ptq.layer_rounding import LayerRounder, PtqSettings, correct_bias
from quant.ptq.walk import Walk

Values = dict[fx.Node, Tensor]


class OneRounding:
    """Rounds one choice after the other, as the settings say.

    All layers from there on make up for it as `quantise` has them do, by weights (GPTAQ) and by biases.
    """

    def __init__(self, network: fx.GraphModule, data: CalibrationRun, settings: PtqSettings) -> None:
        self._network, self._data, self._settings = network, data, settings
        self._nodes = list(network.graph.nodes)
        layers = array_layers(network).values()
        self._first_calls = {layer.nodes[0] for layer in layers if layer.module is not None}

    def errors(
        self, walks: Sequence[Walk], roundings: Sequence[ChoiceRounding], to_the_output: bool
    ) -> Iterator[dict[str, float]]:
        """For each rounding of one choice `noise` and `layer`; to the output also `output`, `kl`, `loss`, `accuracy`.

        `walks` stand before the choice's first node, one for each batch. `kl` is there for rows of logits, the last two
        with labels.
        """
        choice = roundings[0].choice
        to_come = self._nodes[self._nodes.index(choice.first) :]
        exact = [_run_on(walk.fork(), to_come, {*choice.tensors, *choice.readers}) for walk in walks]
        ends = {*choice.readers, *(self._nodes[-1:] if to_the_output else ())}
        for rounding in roundings:
            found = {"noise": _noise(rounding, exact)}
            rounded = self._rounded(walks, to_come, rounding, ends)
            pairs = [(y[node], x[node]) for x, y in zip(exact, rounded, strict=True) for node in choice.readers]
            found["layer"] = _noise_to_signal(pairs)
            if to_the_output:
                found |= _output_errors(torch.cat([values[self._nodes[-1]] for values in rounded]), self._data)
            yield found

    def _rounded(
        self, walks: Sequence[Walk], nodes: Sequence[fx.Node], rounding: ChoiceRounding, ends: Collection[fx.Node]
    ) -> list[Values]:
        """Walk on, all batches side by side, until all `ends` have run; the values there."""
        network = copy.deepcopy(self._network)
        rounder = LayerRounder(self._settings)
        beside = [walk.fork() for walk in walks if self._settings.depend_on_data]
        walks = [walk.fork(network) for walk in walks]
        found: list[Values] = [{} for _ in walks]
        for node in nodes:
            layer = network.get_submodule(str(node.target)) if node in self._first_calls else None
            if isinstance(layer, WeightedLayer):
                self._round(rounder, layer, node, rounding, beside, walks)
            for walk in (*beside, *walks):
                walk.step(node)
            if isinstance(layer, WeightedLayer) and self._settings.correct_bias:
                correct_bias(layer, [walk.values[node] for walk in beside], [walk.values[node] for walk in walks])
            for walk, values in zip(walks, found, strict=True):
                if node in rounding.tensors:
                    walk.values[node] = rounding.tensors[node](walk.values[node])
                if node in ends:
                    values[node] = walk.values[node].clone()
            if len(found[0]) == len(ends):
                break
        return found

    def _round(
        self,
        rounder: LayerRounder,
        layer: WeightedLayer,
        call: fx.Node,
        rounding: ChoiceRounding,
        beside: Sequence[Walk],
        walks: Sequence[Walk],
    ) -> None:
        """Give a layer the weights that it has when it is rounded itself, or makes up for what was rounded before."""
        own = rounding.weights if call in rounding.choice.readers else None
        if own is not None and self._settings.rounding == "nearest":
            layer.weight = nn.Parameter(own(layer.weight).detach())
        elif own is not None or self._settings.rounding == "gptaq":
            source = call.all_input_nodes[0]
            inputs = [(x.values[source], y.values[source]) for x, y in zip(beside, walks, strict=True)]
            rounder.round(layer, "fp32" if own is None else rounding.format_name, inputs, str(call.target))


def _noise(rounding: ChoiceRounding, exact: Sequence[Values]) -> float:
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


def _run_on(walk: Walk, nodes: Sequence[fx.Node], watched: Collection[fx.Node]) -> Values:
    """Walk on in float until all that are watched have run; the values there."""
    found: Values = {}
    for node in nodes:
        walk.step(node)
        if node in watched:
            found[node] = walk.values[node].clone()
            if len(found) == len(watched):
                break
    return found
