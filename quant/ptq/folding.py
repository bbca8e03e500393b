"""Batch norm folded into the layer before it: what is quantised is the weight that the hardware multiplies with."""

from __future__ import annotations

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights


def fold_batch_norms(network: fx.GraphModule) -> None:
    """Fold every batch norm that alone reads a convolution or linear layer, in place; the others stay as they are.

    W' = W * gamma / sqrt(variance + epsilon), b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta.
    """
    for node in list(network.graph.nodes):
        if node.op != "call_module" or not isinstance(norm := network.get_submodule(node.target), _BATCH_NORMS):
            continue
        source = node.args[0]
        if source.op != "call_module" or len(source.users) > 1 or _calls(network, source.target) > 1:
            continue
        layer = network.get_submodule(source.target)
        if norm.running_mean is None or norm.running_var is None:
            continue
        statistics = (norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
        if isinstance(layer, nn.Linear):
            layer.weight, layer.bias = fuse_linear_bn_weights(layer.weight, layer.bias, *statistics)
        elif isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            layer.weight, layer.bias = fuse_conv_bn_weights(layer.weight, layer.bias, *statistics)
        else:
            continue
        node.replace_all_uses_with(source)
        network.graph.erase_node(node)


_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def _calls(network: fx.GraphModule, target: str) -> int:
    return sum(node.op == "call_module" and node.target == target for node in network.graph.nodes)
