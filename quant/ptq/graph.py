"""A network as a graph: which layers the array runs, which tensors they read, and what format each tensor then has.

The words are the simulator's: an *array layer* is a convolution, a linear layer or a matrix product. A *tensor* is what
a node of the graph produces. The rules are those of `docs/workloads.md`:

1. An array layer's input has the layer's activation format; of a matrix product the first operand has its activation,
   the second its weight format.
2. A tensor has one format, whoever reads it: array layers that disagree are an error.
3. Of a sum, the operand that was stored has the format of what the sum is read as; the operand that is just being
   computed stays in the accumulator, unrounded.
4. What no array layer reads in the end, the network's result, is not quantised.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import fx, nn

from quant.allocation.file import LayerFormats, check_layers
from quant.errors import DataError
from quant.formats import get_format
from quant.ptq.folding import fold_batch_norms

WeightedLayer = nn.Linear | nn.modules.conv._ConvNd
_MATMULS = {torch.matmul, torch.bmm, operator.matmul, "matmul", "bmm"}
_ADDS = {operator.add, operator.iadd, torch.add, "add", "add_"}
_INERT = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@dataclass(frozen=True)
class ArrayLayer:
    """A layer by name, its calls in the graph, and the module with its weights (None: a matrix product)."""

    name: str
    nodes: tuple[fx.Node, ...]
    module: WeightedLayer | None

    def operands(self, call: fx.Node) -> tuple[fx.Node, ...]:
        """The tensors that a call reads: the input, and of a matrix product what stands in place of weights."""
        operands = call.args[:1] if self.module is not None else call.args[:2]
        assert all(isinstance(operand, fx.Node) for operand in operands)
        return operands  # type: ignore[return-value]


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(module, WeightedLayer) or super().is_leaf_module(module, module_qualified_name)


def trace(model: nn.Module) -> fx.GraphModule:
    """A copy of the model as a graph: in evaluation mode, float32, on the CPU, batch norms folded, dropout gone.

    Raises DataError for a model that `torch.fx` cannot trace (control flow that depends on the data).
    """
    model = copy.deepcopy(model).eval().float().cpu()
    try:
        network = fx.GraphModule(model, _Tracer().trace(model))
    except (fx.proxy.TraceError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{type(model).__name__} cannot be traced: {reason}", "a model that torch.fx traces") from None
    for node in list(network.graph.nodes):
        if node.op == "call_module" and isinstance(network.get_submodule(node.target), _INERT):
            node.replace_all_uses_with(node.args[0])
            network.graph.erase_node(node)
    fold_batch_norms(network)
    network.delete_all_unused_submodules()
    network.recompile()
    return network


def array_layers(network: fx.GraphModule) -> dict[str, ArrayLayer]:
    """The array layers by name, in the order of the graph: module paths, for matrix products the node's name."""
    layers: dict[str, ArrayLayer] = {}
    for node in network.graph.nodes:
        if node.op == "call_module" and isinstance(module := network.get_submodule(node.target), WeightedLayer):
            earlier = layers[node.target].nodes if node.target in layers else ()
            layers[node.target] = ArrayLayer(node.target, (*earlier, node), module)
        elif node.target in _MATMULS:
            layers[node.name] = ArrayLayer(node.name, (node,), None)
    return layers


def uniform_allocation(
    network: fx.GraphModule, formats: LayerFormats, first_and_last: LayerFormats | None = None
) -> dict[str, LayerFormats]:
    """The same formats for every array layer but, if given, the first and the last."""
    names = list(array_layers(network))
    allocation = dict.fromkeys(names, formats)
    if first_and_last is not None:
        allocation[names[0]] = allocation[names[-1]] = first_and_last
    return allocation


def tensor_formats(network: fx.GraphModule, allocation: Mapping[str, LayerFormats]) -> dict[fx.Node, str]:
    """The format of every tensor that is quantised (rules 1 to 4), by the node that produces it.

    Raises DataError for layers that the allocation lacks or the network has not, and for readers that disagree.
    """
    layers = array_layers(network)
    check_layers(allocation, layers)
    formats = _array_read_formats(layers, allocation)
    read_as = dict(formats)
    for node in reversed(network.graph.nodes):  # readers come after what they read, so theirs is known
        if node not in read_as and (candidates := [read_as[user] for user in node.users if user in read_as]):
            read_as[node] = max(candidates, key=lambda name: get_format(name).bits)
    position = {node: index for index, node in enumerate(network.graph.nodes)}
    for node in network.graph.nodes:
        if node.target in _ADDS and node in read_as:
            for operand in _stored_operands(node, position):
                formats.setdefault(operand, read_as[node])
    return formats


def _array_read_formats(layers: Mapping[str, ArrayLayer], allocation: Mapping[str, LayerFormats]) -> dict[fx.Node, str]:
    first: dict[fx.Node, tuple[str, str]] = {}
    for name, layer in layers.items():
        wanted = (allocation[name].activations, allocation[name].weights)
        for node in layer.nodes:
            for operand, wanted_format in zip(layer.operands(node), wanted, strict=False):
                reader, known = first.setdefault(operand, (name, wanted_format))
                if known != wanted_format:
                    raise DataError(
                        f"two readers of tensor {operand.name!r} want different formats: "
                        f"{reader!r} reads {known}, {name!r} reads {wanted_format}",
                        "one format for a tensor, whoever reads it",
                    )
    return {tensor: known for tensor, (_, known) in first.items()}


def _stored_operands(node: fx.Node, position: Mapping[fx.Node, int]) -> list[fx.Node]:
    """All operands of a sum but the latest, if nothing else reads that one."""
    operands = sorted(node.all_input_nodes, key=position.__getitem__)
    return operands[:-1] if operands and len(operands[-1].users) == 1 else operands
