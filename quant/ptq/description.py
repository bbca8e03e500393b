"""A torch network as plain data: what it does to one input, step by step, with shapes. `accelsim import` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from quant.errors import DataError
from quant.ptq.graph import ADDITIONS, unfolded_trace

Kind = Literal[
    "conv2d", "linear", "batch_norm", "relu", "relu6", "gelu", "add", "max_pool", "avg_pool", "reshape", "output"
]
Pair = tuple[int, int]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operation:
    """One step. `inputs` are the tensors it reads, by the name of the step that makes them; shapes lack the batch.

    `label` is the module's path, or the name where no module does it. Of convolutions and pools, window sizes are
    (vertical, horizontal) pairs, and `padding` is zeros on each side: where the model pads in another way, the fewest
    that give the same shape.
    """

    name: str
    label: str
    kind: Kind
    inputs: tuple[str, ...]
    shape: Shape
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    groups: int = 1
    has_bias: bool = False


@dataclass(frozen=True)
class Description:
    """The network's input, and its steps in the order in which they are done; the last, "output", reads the result."""

    input_name: str
    input_shape: Shape
    operations: tuple[Operation, ...]


def describe(model: nn.Module, input_shape: Sequence[int]) -> Description:
    """What the model does to an input of this shape (without the batch).

    Raises DataError for a model that cannot be traced, an input that it cannot take, and a module or function, by name,
    that the simulator has no layer for.
    """
    network = unfolded_trace(model)
    runner = _ShapeRunner(network)
    try:
        with torch.inference_mode():
            runner.run(torch.zeros(1, *input_shape))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"an input of shape {tuple(input_shape)} cannot be run: {reason}", "what it takes") from None
    inputs = [node for node in network.graph.nodes if node.op == "placeholder" and node in runner.shapes]
    if len(inputs) != 1:
        raise DataError(f"a model of {len(inputs)} inputs", "one input")
    steps = [node for node in network.graph.nodes if node in runner.shapes or node.op == "output"]
    operations = tuple(_operation(network, node, runner.shapes) for node in steps if node not in inputs)
    return Description(inputs[0].name, tuple(input_shape), operations)


class _ShapeRunner(fx.Interpreter):
    """Runs the network and notes the shapes of its tensors, without the batch."""

    def __init__(self, network: fx.GraphModule) -> None:
        super().__init__(network)
        self.shapes: dict[fx.Node, Shape] = {}

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor) and n.op != "output":
            self.shapes[n] = tuple(result.shape[1:])
        return result


def _operation(network: fx.GraphModule, node: fx.Node, shapes: dict[fx.Node, Shape]) -> Operation:
    read = [source for source in node.all_input_nodes if source in shapes]
    names = tuple(source.name for source in read)
    if node.op == "output":
        return Operation(node.name, node.name, "output", names, ())
    label = str(node.target) if node.op == "call_module" else node.name
    details: dict[str, Any] | None = None
    if node.target in ADDITIONS and len(read) == 2:
        details = {"kind": "add"}
    elif node.op == "call_module" and len(read) == 1:
        details = _details(network.get_submodule(str(node.target)), shapes[read[0]], shapes[node])
    elif len(read) == 1:
        module = _module_of_call(node, shapes[read[0]])
        details = None if module is None else _details(module, shapes[read[0]], shapes[node])
    if details is None:
        raise DataError(f"{label} is {_what(network, node)}, for which there is no layer", _SUPPORTED)
    return Operation(name=node.name, label=label, inputs=names, shape=shapes[node], **details)


_SUPPORTED = (
    "Conv2d without dilation, Linear, batch norm, ReLU, ReLU6, GELU, a sum of two tensors, max and average pools, "
    "global average pool, flattening"
)
_PLAIN: dict[type[nn.Module], Kind] = {
    nn.BatchNorm1d: "batch_norm",
    nn.BatchNorm2d: "batch_norm",
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.GELU: "gelu",
    nn.Flatten: "reshape",
}
_CALLS: dict[Any, type[nn.Module]] = {  # a call's arguments behind the tensor are those of the module
    torch.relu: nn.ReLU,
    functional.relu: nn.ReLU,
    "relu": nn.ReLU,
    "relu_": nn.ReLU,
    functional.relu6: nn.ReLU6,
    functional.gelu: nn.GELU,
    functional.max_pool2d: nn.MaxPool2d,
    functional.avg_pool2d: nn.AvgPool2d,
    functional.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d,
    torch.flatten: nn.Flatten,
    "flatten": nn.Flatten,
}


def _module_of_call(node: fx.Node, before: Shape) -> nn.Module | None:
    """The module that does the same as a function; None where there is none."""
    if node.target in ("view", "reshape", torch.reshape, "squeeze", torch.squeeze):
        return nn.Flatten()
    if node.target in ("mean", torch.mean):
        axes: Any = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
        is_global = isinstance(axes, Sequence) and sorted(axes) in ([2, 3], [-2, -1]) and len(before) == 3
        return nn.AdaptiveAvgPool2d(1) if is_global else None
    if node.target not in _CALLS:
        return None
    arguments = [value for value in node.args if not isinstance(value, fx.Node)]
    options = {name: value for name, value in node.kwargs.items() if not isinstance(value, fx.Node)}
    return _CALLS[node.target](*arguments, **options)


def _what(network: fx.GraphModule, node: fx.Node) -> str:
    """A step, in words."""
    if node.op == "call_module":
        return type(network.get_submodule(str(node.target))).__name__
    return f"a call of {getattr(node.target, '__name__', node.target)}"


def _details(module: nn.Module, before: Shape, after: Shape) -> dict[str, Any] | None:
    """The fields of the operation that a module is, from its shapes; None for what there is no layer for."""
    if kind := _PLAIN.get(type(module)):
        return {"kind": kind}
    if isinstance(module, nn.Linear):
        return {"kind": "linear", "has_bias": module.bias is not None}
    if len(before) != 3:
        return None
    match module:
        case nn.Conv2d(dilation=(1, 1)):
            window = _window(module.kernel_size, module.stride, module.padding, before, after)
            return window and {"kind": "conv2d", "groups": module.groups, "has_bias": module.bias is not None, **window}
        case nn.MaxPool2d(dilation=1) | nn.AvgPool2d():
            window = _window(module.kernel_size, module.stride, module.padding, before, after)
            return window and {"kind": "max_pool" if isinstance(module, nn.MaxPool2d) else "avg_pool", **window}
        case nn.AdaptiveAvgPool2d():
            rows, columns = after[1:] or (1, 1)
            if before[1] % rows or before[2] % columns:
                return None
            size = before[1] // rows, before[2] // columns
            return {"kind": "reshape"} if size == (1, 1) else {"kind": "avg_pool", "kernel": size, "stride": size}
    return None


def _window(kernel: Any, stride: Any, padding: Any, before: Shape, after: Shape) -> dict[str, Pair] | None:
    """A window with the padding that gives the shape: the module's own, else the smallest; None where none does."""
    kernels, strides = _pair(kernel), _pair(stride)
    stated = _pair(padding) if not isinstance(padding, str) else (0, 0)
    found = []
    for axis in (0, 1):
        fitting = [
            zeros
            for zeros in (stated[axis], *range(kernels[axis]))
            if (before[1 + axis] + 2 * zeros - kernels[axis]) // strides[axis] + 1 == after[1 + axis]
        ]
        if not fitting:
            return None
        found.append(fitting[0])
    return {"kernel": kernels, "stride": strides, "padding": (found[0], found[1])}


def _pair(size: Any) -> Pair:
    return (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[1]))
