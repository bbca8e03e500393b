"""The plan of a layer that only the vector unit computes: rows streamed through in tiles."""

from __future__ import annotations

from accelsim.analytic.vector import passes_of
from accelsim.errors import MappingError
from accelsim.mapping.context import PlanContext
from accelsim.mapping.layout import Run, TensorLayout, split
from accelsim.mapping.problem import window_rows
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Traffic
from accelsim.units import ceil_div
from accelsim.workload.layers import Layer, elements

#: Tiles that a vector layer is cut into at least, so that fetching, computing and storing overlap.
MIN_TILES = 4

#: Trained numbers of vector layers (layer norm, embeddings) are 32-bit words.
PARAMETER_BYTES = 4


def plan_vector_layer(layer: Layer, context: PlanContext, input_bytes: int) -> LayerPlan:
    """Cut the output into row tiles whose input and output fit twice; MappingError where not even one row does."""
    layouts, output = context.layouts, context.layouts[layer.name]
    streamed = [name for name in layer.inputs if name not in context.resident]
    rows = layer.output_shape[1]
    step = _rows_per_tile(layer, [layouts[name] for name in streamed], output, context, input_bytes)
    parameter_bytes = layer.parameters * PARAMETER_BYTES
    loads: list[Load] = []
    tiles: list[OutputTile] = []
    elements_per_row = max(elements(layer.input_shape), elements(layer.output_shape)) // rows
    for start, end in split(rows, step):
        first = len(loads)
        for name in streamed:
            span = _input_rows(layer, layouts[name], start, end)
            runs = layouts[name].runs(0, layouts[name].shape[0], *span)
            loads.append(Load(runs, sum(run.size_bytes for run in runs), name, span[1]))
        share = (parameter_bytes * start // rows, parameter_bytes * end // rows)
        if share[1] > share[0]:
            loads.append(Load((Run(context.parameter_address + share[0], share[1] - share[0]),), share[1] - share[0]))
        encoded = output.range_bytes(0, output.shape[0], start, end)
        tiles.append(
            OutputTile(
                elements=(end - start) * elements_per_row,
                reserved_bytes=encoded,
                encoded_bytes=encoded,
                loads=tuple(range(first, len(loads))),
                runs=() if layer.name in context.resident else output.runs(0, output.shape[0], start, end),
                rows_done=end,
            )
        )
    return LayerPlan(
        layer=layer,
        weight_format=context.precision.tensors[layer.inputs[0]],
        input_format=context.precision.tensors[layer.inputs[0]],
        output_format=context.precision.tensors[layer.name],
        shape=None,
        tiling=None,
        passes=passes_of(layer),
        weight_loads=(),
        loads=tuple(loads),
        steps=(),
        outputs=tuple(tiles),
        resident_bytes=context.resident_bytes(layer.name),
        freed_bytes=context.freed_bytes,
        traffic=Traffic(
            parameter_bytes=parameter_bytes,
            input_bytes=sum(load.size_bytes for load in loads if load.tensor is not None),
            output_bytes=0 if layer.name in context.resident else output.size_bytes,
        ),
    )


def _input_rows(layer: Layer, layout: TensorLayout, start: int, end: int) -> tuple[int, int]:
    """Input rows that output rows [start, end) read: under the window, or in proportion where the shape changes."""
    rows_in, rows_out = layout.shape[1], layer.output_shape[1]
    if layer.window is not None:
        return window_rows(layer.window, rows_in, start, end)
    return rows_in * start // rows_out, ceil_div(rows_in * end, rows_out)


def _rows_per_tile(
    layer: Layer, inputs: list[TensorLayout], output: TensorLayout, context: PlanContext, input_bytes: int
) -> int:
    """Most rows that fit, at most a `MIN_TILES`-th of the tensor."""
    output_bytes = context.hardware.buffers.output_bytes
    rows = layer.output_shape[1]
    parameter_row = ceil_div(layer.parameters * PARAMETER_BYTES, rows)
    for step in range(ceil_div(rows, MIN_TILES), 0, -1):
        spans = [_input_rows(layer, layout, 0, step) for layout in inputs]
        taken = sum(layout.range_bytes(0, layout.shape[0], *span) for layout, span in zip(inputs, spans, strict=True))
        taken += parameter_row * step
        if 2 * taken <= input_bytes and 2 * output.range_bytes(0, output.shape[0], 0, step) <= output_bytes:
            return step
    raise MappingError(
        f"layer {layer.name}",
        f"not even one row fits: it needs two times {taken} bytes of buffers.input_bytes, there are {input_bytes}, and "
        f"two times {output.range_bytes(0, output.shape[0], 0, 1)} bytes of buffers.output_bytes, there are {output_bytes}",
    )
