"""A workload file from the description of a torch network: what the vector unit does joins the layer before it.

A step joins the layer that makes what it reads, if nothing else reads that; an addition joins its latest operand. What
cannot be joined becomes a layer of its own (a pool, a sum), or is an error (a batch norm, an activation function).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError
from accelsim.workload.layers import Shape

if TYPE_CHECKING:  # at run time it needs torch
    from quant.ptq.description import Description, Operation

_ALIGNED = ("name", "kind", "input", "in_shape", "out_shape", "out_channels")
_PLAIN_NAME = re.compile(r"(?!(?:null|true|false)$)[A-Za-z_][\w.]*", re.IGNORECASE)
_HEAD = """\
# Imported from {source}.
# Layer names are module paths. Shapes are [channels, height, width]: in_shape as the layer reads it, out_shape after
# the post-operations. The file format is described in docs/workloads.md.

name: {name}
source: {source}
hardware: zcu102
bits: w4a4
pins: {pins}
input: {input}

layers:
"""


def workload_text(description: Description, name: str, source: str) -> str:
    """A workload file for the default machine at w4a4, the first and the last array layer pinned to 8 bits.

    Raises InputError for a step that cannot be a layer, and for a network without array layers.
    """
    layers = _Joiner(description, source).layers()
    on_array = [layer.name for layer in layers if layer.fields["kind"] in ("conv2d", "linear")]
    if not on_array:
        raise InputError(source, "no layer that the array runs", "at least one Conv2d or Linear")
    head = _HEAD.format(
        name=_yaml(name),
        source=_yaml(source),
        pins=_yaml(dict.fromkeys((on_array[0], on_array[-1]), "w8a8")),
        input=_yaml({"name": description.input_name, "shape": _shape(description.input_shape, source)}),
    )
    return head + _aligned([layer.entry for layer in layers])


@dataclass
class _Layer:
    """A layer in the making: its entry without post-operations, the shape behind them, the place of its last step."""

    fields: dict[str, Any]
    shape: Shape
    last: int
    post: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.fields["name"])

    @property
    def entry(self) -> dict[str, Any]:
        """What the file says of it."""
        post = {"post": self.post} if self.post else {}
        return {key: self.shape if key == "out_shape" else value for key, value in self.fields.items()} | post


class _Joiner:
    """Makes layers of the steps of a network. Tensors are called by the step that makes them."""

    def __init__(self, description: Description, source: str) -> None:
        self._description, self._source = description, source
        self._shapes = {operation.name: operation.shape for operation in description.operations}
        self._shapes[description.input_name] = description.input_shape
        self._input = _Layer({"name": description.input_name}, _shape(description.input_shape, source), -1)
        self._makers = {description.input_name: self._input}
        self._origins: dict[str, str] = {}  # of reshaped tensors, what they were
        self._readers = self._counted()

    def layers(self) -> list[_Layer]:
        """In an order in which every tensor is made before it is read."""
        for place, operation in enumerate(self._description.operations):
            match operation.kind:
                case "output":
                    continue
                case "reshape":
                    layer = self._reshaped(operation)
                case "conv2d":
                    layer = self._own(operation, operation.label, out_channels=operation.shape[0], **_window(operation))
                    layer.fields |= {"groups": operation.groups} if operation.groups > 1 else {}
                case "linear":
                    layer = self._linear(operation)
                case _:
                    layer = self._joined(operation)
            layer.last = place
            self._makers[operation.name] = layer
        found = {layer.name: layer for layer in self._makers.values() if layer is not self._input}
        return sorted(found.values(), key=lambda layer: layer.last)

    def _counted(self) -> Counter[str]:
        """How often each tensor is read, whatever its shape is then."""
        readers: Counter[str] = Counter()
        for operation in self._description.operations:
            if operation.kind == "reshape":
                self._origins[operation.name] = self._origin(operation.inputs[0])
            else:
                readers.update(map(self._origin, operation.inputs))
        return readers

    def _origin(self, tensor: str) -> str:
        return self._origins.get(tensor, tensor)

    def _reshaped(self, operation: Operation) -> _Layer:
        before, after = self._shapes[operation.inputs[0]], operation.shape
        if len(after) > 1 and after not in (before, (*before, 1, 1)):
            raise self._error(operation, f"makes {list(before)} {list(after)}", "flattening to one vector")
        return self._makers[operation.inputs[0]]

    def _own(self, operation: Operation, name: str, **fields: Any) -> _Layer:
        """A layer that the operation begins."""
        if any(layer.name == name for layer in self._makers.values()):
            raise self._error(operation, "is called more than once", "a module for each layer")
        read = self._makers[operation.inputs[0]]
        kind = {"max_pool": "pool", "avg_pool": "pool"}.get(operation.kind, operation.kind)
        shape = _shape(operation.shape, operation.label)
        shapes = {"in_shape": read.shape, "out_shape": shape}
        post = ["bias"] if operation.has_bias else []
        return _Layer({"name": name, "kind": kind, "input": read.name, **shapes, **fields}, shape, 0, post)

    def _linear(self, operation: Operation) -> _Layer:
        before = self._shapes[operation.inputs[0]]
        if len(before) > 2:
            raise self._error(operation, f"reads a feature map {list(before)}", "a vector, or tokens of features")
        is_map = len(before) == 1 and self._makers[operation.inputs[0]].shape[1:] != (1, 1)
        view = {"view": "flatten"} if is_map else {}
        return self._own(operation, operation.label, out_channels=operation.shape[-1], **view)

    def _joined(self, operation: Operation) -> _Layer:
        """The layer that the operation becomes a part of, or one of its own where others read what it reads."""
        tensors = sorted(operation.inputs, key=lambda tensor: self._makers[tensor].last)
        layer, others = self._makers[tensors[-1]], [self._makers[tensor].name for tensor in tensors[:-1]]
        post = _post_operation(operation, layer.shape, others)
        if layer is self._input or self._readers[self._origin(tensors[-1])] > 1:
            return self._alone(operation)
        if operation.kind == "batch_norm" and operation.shape[0] != layer.shape[0]:
            raise self._error(operation, "normalises what is no channel", "one gain for each channel of a layer")
        if operation.kind in ("max_pool", "avg_pool"):
            layer.shape = _shape(operation.shape, operation.label)
        layer.post.append(post)
        return layer

    def _alone(self, operation: Operation) -> _Layer:
        match operation.kind:
            case "add":
                return self._own(operation, operation.name, other=self._makers[operation.inputs[1]].name)
            case "max_pool" | "avg_pool":
                return self._own(
                    operation, operation.name, mode=operation.kind.removesuffix("_pool"), **_window(operation)
                )
        raise self._error(
            operation, f"is a {operation.kind} of a tensor that others read, too", f"a {operation.kind} behind a layer"
        )

    def _error(self, operation: Operation, found: str, allowed: str) -> InputError:
        return InputError(self._source, f"{operation.label} {found}", allowed)


def _post_operation(operation: Operation, shape: Shape, others: Sequence[str]) -> Any:
    if operation.kind == "add":
        return {"add": others[0]}
    if operation.kind == "avg_pool" and operation.kernel == shape[1:]:
        return "global_avg_pool"
    return {operation.kind: _window(operation)} if operation.kind in ("max_pool", "avg_pool") else operation.kind


def _window(operation: Operation) -> dict[str, Any]:
    sizes = {"kernel": operation.kernel, "stride": operation.stride, "padding": operation.padding}
    return {key: size[0] if size[0] == size[1] else size for key, size in sizes.items()}


def _shape(shape: tuple[int, ...], where: str) -> Shape:
    """[channels, height, width] of a feature map, tokens by features, or a vector of features."""
    if not 1 <= len(shape) <= 3:
        raise InputError(where, f"a tensor {list(shape)}", "one to three axes beside the batch")
    channels, height, width = shape if len(shape) == 3 else (*reversed(shape), 1, 1)[:3]
    return channels, height, width


def _aligned(entries: Sequence[Mapping[str, Any]]) -> str:
    """A line for each layer, the keys that all have in columns."""
    cells = [{key: f"{key}: {_yaml(value)}" for key, value in entry.items()} for entry in entries]
    widths = {key: max((len(row[key]) for row in cells if key in row), default=0) for key in _ALIGNED}
    lines = []
    for row in cells:
        parts = [text + "," for text in row.values()]
        parts[-1] = parts[-1][:-1]
        padded = [part.ljust(widths.get(key, 0) + 1) for key, part in zip(row, parts, strict=True)]
        lines.append(f"  - {{{' '.join(padded).rstrip()}}}\n")
    return "".join(lines)


def _yaml(value: Any) -> str:
    """In YAML's flow style; text that could be read as something else is quoted."""
    match value:
        case dict():
            return f"{{{', '.join(f'{_yaml(key)}: {_yaml(entry)}' for key, entry in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_yaml, value))}]"
        case str() if not _PLAIN_NAME.fullmatch(value):
            return json.dumps(value)
    return str(value)
