"""The layer graph: names that resolve, an order that produces before it reads, shapes that connect."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from accelsim.errors import InputError, nearest_name
from accelsim.workload.formats import parse_bits
from accelsim.workload.layers import ARRAY_KINDS, Layer, Shape, Workload
from accelsim.workload.schema import LayerSpec, WorkloadFile
from accelsim.workload.shapes import Tensor, layer_body, post_operations

#: Turns a key path of the file into `file:line`.
Where = Callable[[tuple[str | int, ...]], str]


def build_workload(file: WorkloadFile, specs: Sequence[LayerSpec], where: Where) -> Workload:
    """Check a workload file and build its graph.

    Layers run in the order of the file; where that reads a tensor before it is made, in the nearest order that does
    not. Raises InputError, with file and line, for duplicate or unknown names, cycles, shapes that do not connect
    and pins that name no array layer.
    """
    places = {spec.name: where(("layers", index)) for index, spec in enumerate(specs)}
    _check_names(file, specs, where)
    _check_pins(file, specs, where)
    _check_parts(specs, places)
    tensors = {file.input.name: Tensor(file.input.name, file.input.shape, where(("input",)))}
    layers = []
    for spec in _execution_order(specs, file.input.name, places):
        layer = _build_layer(spec, tensors, places[spec.name])
        tensors[layer.name] = Tensor(layer.name, layer.output_shape, places[layer.name])
        layers.append(layer)
    return Workload(
        name=file.name,
        description=file.description,
        hardware=file.hardware,
        bits=file.bits,
        pins=dict(file.pins),
        input_name=file.input.name,
        input_shape=file.input.shape,
        layers=tuple(layers),
    )


def _check_names(file: WorkloadFile, specs: Sequence[LayerSpec], where: Where) -> None:
    first_use = {file.input.name: where(("input",))}
    for index, spec in enumerate(specs):
        if spec.name in first_use:
            here = where(("layers", index))
            raise InputError(
                here, f"duplicate layer name {spec.name!r}, first at {first_use[spec.name]}", "unique names"
            )
        first_use[spec.name] = where(("layers", index))
    for index, spec in enumerate(specs):
        for tensor in spec.reads:
            if tensor not in first_use:
                raise InputError(
                    where(("layers", index)),
                    f"layer {spec.name!r} reads an unknown tensor {tensor!r}",
                    "the network's input or a layer of this file",
                    nearest_name(tensor, first_use),
                )


def _check_pins(file: WorkloadFile, specs: Sequence[LayerSpec], where: Where) -> None:
    on_array = [spec.name for spec in specs if spec.kind in ARRAY_KINDS]
    for name, bits in file.pins.items():
        here = where(("pins", name))
        if name not in on_array:
            raise InputError(
                here, f"pin of {name!r}", "a conv2d, linear or matmul layer of this file", nearest_name(name, on_array)
            )
        try:
            parse_bits(bits)
        except ValueError as error:
            raise InputError(here, f"pin of {name!r} to {bits!r}", str(error)) from None


def _check_parts(specs: Sequence[LayerSpec], places: dict[str, str]) -> None:
    """A tensor lies in one place, so it is a part of one concatenation, once."""
    part_of: dict[str, str] = {}
    for spec in specs:
        for tensor in spec.inputs if spec.kind == "concat" else ():
            if tensor in part_of:
                found = f"{tensor!r} is a part of {part_of[tensor]!r} already"
                allowed = "each tensor once in one concatenation, which others may have as a part"
                raise InputError(places[spec.name], found, allowed)
            part_of[tensor] = spec.name


def _execution_order(specs: Sequence[LayerSpec], input_name: str, places: dict[str, str]) -> list[LayerSpec]:
    """Kahn's algorithm that always takes the earliest layer of the file that is ready."""
    producers = {spec.name: index for index, spec in enumerate(specs)}
    waits_for = [{producers[tensor] for tensor in spec.reads if tensor != input_name} for spec in specs]
    readers: list[list[int]] = [[] for _ in specs]
    for index, sources in enumerate(waits_for):
        for source in sources:
            readers[source].append(index)
    missing = [len(sources) for sources in waits_for]
    ready = [index for index, count in enumerate(missing) if count == 0]
    order = []
    while ready:
        index = heapq.heappop(ready)
        order.append(specs[index])
        for reader in readers[index]:
            missing[reader] -= 1
            if missing[reader] == 0:
                heapq.heappush(ready, reader)
    if len(order) < len(specs):
        cycle = _find_cycle(waits_for, missing)
        path = " -> ".join(specs[index].name for index in cycle)
        raise InputError(
            places[specs[cycle[0]].name], f"cyclic graph: {path}", "layers that wait for earlier ones only"
        )
    return order


def _find_cycle(waits_for: Sequence[set[int]], missing: Sequence[int]) -> list[int]:
    """A cycle among the layers that never became ready, in data-flow order, closed: first equals last."""
    node = next(index for index, count in enumerate(missing) if count)
    walk: list[int] = []
    while node not in walk:
        walk.append(node)
        node = min(source for source in waits_for[node] if missing[source])
    loop = walk[walk.index(node) :]
    start = loop.index(min(loop))
    backwards = loop[start:] + loop[:start]
    return [backwards[0], *reversed(backwards)]


def _build_layer(spec: LayerSpec, tensors: dict[str, Tensor], where: str) -> Layer:
    inputs = [tensors[name] for name in spec.inputs]
    body = layer_body(spec, inputs, where)
    if spec.in_shape not in (None, body.input_shape):
        raise InputError(where, f"{spec.name!r} states in_shape {_text(spec.in_shape)} but its input is {inputs[0]}")
    post, output_shape, post_parameters = post_operations(spec.post, body.raw_shape, tensors, where)
    if spec.out_shape not in (None, output_shape):
        stated, made = _text(spec.out_shape), _text(output_shape)
        raise InputError(where, f"{spec.name!r} states out_shape {stated} but makes {made} of {inputs[0]}")
    return Layer(
        name=spec.name,
        kind=spec.kind,
        inputs=spec.inputs,
        input_shape=body.input_shape,
        raw_shape=body.raw_shape,
        output_shape=output_shape,
        window=body.window,
        groups=body.groups,
        post=post,
        gemm=body.gemm,
        weight_elements=body.weight_elements,
        parameters=body.parameters + post_parameters,
        transposed=body.transposed,
        pool_mode=body.pool_mode,
        where=where,
    )


def _text(shape: Shape | None) -> str:
    return str(list(shape or ()))
