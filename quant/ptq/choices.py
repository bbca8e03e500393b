"""What has one number format in a network: the weights of a layer, and each tensor that array layers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import fx

from quant.allocation.file import LayerFormats
from quant.ptq.graph import ArrayLayer, WeightedLayer, array_layers, tensor_formats

_ROUNDED, _FLOAT = "int8", "fp32"  # stand for "in the format of the choice" and "left alone"


@dataclass(frozen=True)
class NetworkChoice:
    """A choice of an allocation, in the graph: `weights` has a module, `tensors` the nodes that array layers read.

    What stands in place of the weights of `weights_of`, and is the input of `input_of`. `rounded` are the `tensors`
    and the operands of sums that are stored in their format; `readers` the calls of array layers that read them.
    """

    name: str
    weights_of: tuple[str, ...]
    input_of: tuple[str, ...]
    weights: WeightedLayer | None
    tensors: tuple[fx.Node, ...]
    rounded: tuple[fx.Node, ...]
    readers: tuple[fx.Node, ...]

    @property
    def first(self) -> fx.Node:
        """The first node whose value changes when the choice is rounded."""
        return self.rounded[0] if self.rounded else self.readers[0]


def network_choices(network: fx.GraphModule) -> tuple[NetworkChoice, ...]:
    """All choices: for each array layer its weights, then what it reads if no layer before it does."""
    layers = array_layers(network)
    joined = _joined_tensors(layers)
    choices: list[NetworkChoice] = []
    seen: set[fx.Node] = set()
    for layer in layers.values():
        if layer.module is not None:
            name = f"weights of {layer.name}"
            choices.append(NetworkChoice(name, (layer.name,), (), layer.module, (), (), layer.nodes))
        for operand in layer.operands(layer.nodes[0]):
            if operand not in seen:
                seen |= joined[operand]
                choices.append(_tensor_choice(network, layers, joined[operand]))
    return tuple(choices)


def _joined_tensors(layers: Mapping[str, ArrayLayer]) -> dict[fx.Node, frozenset[fx.Node]]:
    """For each tensor that array layers read those of the same format: what a layer reads at each of its calls."""
    joined: dict[fx.Node, frozenset[fx.Node]] = {}
    for layer in layers.values():
        for operands in zip(*map(layer.operands, layer.nodes), strict=True):
            together = frozenset(operands).union(*(joined.get(operand, ()) for operand in operands))
            joined.update(dict.fromkeys(together, together))
    return joined


def _tensor_choice(
    network: fx.GraphModule, layers: Mapping[str, ArrayLayer], tensors: frozenset[fx.Node]
) -> NetworkChoice:
    roles: tuple[list[str], list[str]] = ([], [])  # input, and in place of weights
    readers = []
    for layer in layers.values():
        operands = [layer.operands(call) for call in layer.nodes]
        readers += [call for call, read in zip(layer.nodes, operands, strict=True) if tensors.intersection(read)]
        for role, found in zip(roles, zip(*operands, strict=True), strict=False):
            if tensors.intersection(found):
                role.append(layer.name)
    input_of, weights_of = roles
    allocation = {
        name: LayerFormats(_ROUNDED if name in weights_of else _FLOAT, _ROUNDED if name in input_of else _FLOAT)
        for name in layers
    }
    formats = tensor_formats(network, allocation)
    order = [node for node in network.graph.nodes if formats.get(node) == _ROUNDED]
    read = tuple(node for node in order if node in tensors)
    name = f"tensor {read[0].name}"
    return NetworkChoice(name, tuple(weights_of), tuple(input_of), None, read, tuple(order), tuple(readers))
