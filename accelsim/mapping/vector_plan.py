"""The plan of a layer that only the vector unit computes: rows streamed through in tiles."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.analytic.vector import passes_of
from accelsim.errors import MappingError
from accelsim.mapping.context import PlanContext
from accelsim.mapping.layout import Run, TensorLayout, split
from accelsim.mapping.problem import window_rows
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Traffic
from accelsim.mapping.tiling import Space
from accelsim.units import ceil_div
from accelsim.workload.layers import Layer, elements

#: Tiles that a vector layer is cut into at least, so that fetching, computing and storing overlap.
MIN_TILES = 4

#: Trained numbers of vector layers (layer norm, embeddings) are 32-bit words.
PARAMETER_BYTES = 4


def plan_vector_layer(layer: Layer, context: PlanContext, space: Space) -> LayerPlan:
    """Cut the output into row tiles whose input and output fit twice; MappingError where not even one row does."""
    layouts, output = context.layouts, context.layouts[layer.name]
    streamed = [name for name in layer.inputs if name not in context.resident]
    rows = layer.output_shape[1]
    streamed_layouts = [layouts[name] for name in streamed]
    step = vector_rows_per_tile(layer, streamed_layouts, output, space)
    if step is None:
        raise _does_not_fit(layer, _tile_bytes(layer, streamed_layouts, output, 1), space)
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


def vector_rows_per_tile(
    layer: Layer, streamed: Sequence[TensorLayout], output: TensorLayout, space: Space
) -> int | None:
    """Most rows whose input and output fit twice, at most a `MIN_TILES`-th of the tensor; None if one is too many."""
    rows = layer.output_shape[1]
    for step in range(ceil_div(rows, MIN_TILES), 0, -1):
        taken, given = _tile_bytes(layer, streamed, output, step)
        if 2 * taken <= space.input_bytes and 2 * given <= space.output_bytes:
            return step
    return None


def _tile_bytes(layer: Layer, streamed: Sequence[TensorLayout], output: TensorLayout, rows: int) -> tuple[int, int]:
    """Bytes of the input and of the output buffer that a tile of so many rows takes."""
    spans = [_input_rows(layer, layout, 0, rows) for layout in streamed]
    taken = sum(layout.range_bytes(0, layout.shape[0], *span) for layout, span in zip(streamed, spans, strict=True))
    taken += ceil_div(layer.parameters * PARAMETER_BYTES * rows, layer.output_shape[1])
    return taken, output.range_bytes(0, output.shape[0], 0, rows)


def _does_not_fit(layer: Layer, needs: tuple[int, int], space: Space) -> MappingError:
    field, need, limit = max(
        ("buffers.input_bytes", 2 * needs[0], space.input_bytes),
        ("buffers.output_bytes", 2 * needs[1], space.output_bytes),
        key=lambda row: row[1] / max(row[2], 1),
    )
    return MappingError(
        f"layer {layer.name}",
        f"no tile fits {field}: one row, twice, needs {need} bytes, there are {limit}",
        f"{field} >= {need}",
    )
