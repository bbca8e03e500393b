"""The plan of a layer that only the vector unit computes: rows streamed through in tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from accelsim.analytic.vector import lane_elements, passes_of
from accelsim.mapping.context import PlanContext
from accelsim.mapping.layout import Run, TensorLayout
from accelsim.mapping.ranges import Range, cut, extent, rows_under, window_spans
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Traffic
from accelsim.mapping.tiling import Space, does_not_fit
from accelsim.units import ceil_div
from accelsim.workload.layers import Layer

#: Tiles that a vector layer is cut into at least, so that fetching, computing and storing overlap.
MIN_TILES = 4

#: Trained numbers of vector layers (layer norm, embeddings) are 32-bit words.
PARAMETER_BYTES = 4


def plan_vector_layer(layer: Layer, made: Range, context: PlanContext, space: Space) -> LayerPlan:
    """Cut the rows to be made into tiles that fit the buffers; MappingError where not even one row does."""
    output = context.layouts[layer.name]
    stays = layer.name in context.resident
    streamed = {name: context.layouts[name] for name in layer.inputs if name not in context.resident}
    height = layer.output_shape[1]
    tile_of = VectorTile(layer, extent(made), list(streamed.values()), output, context.hardware.buffers.ping_pong)
    step = tile_of.most_rows(space)
    if step is None:
        raise does_not_fit(layer.place, tile_of.needs(1), space)
    total_elements = lane_elements(layer)
    loads: list[Load] = []
    tiles: list[OutputTile] = []
    for rows in cut(made, step):
        first = len(loads)
        loads.extend(_loads(layer, streamed, context.parameter_address, rows))
        encoded_bytes = output.range_bytes((0, output.shape[0]), extent(rows))
        tiles.append(
            OutputTile(
                elements=_share(total_elements, rows, height),
                reserved_bytes=encoded_bytes,
                encoded_bytes=encoded_bytes,
                loads=tuple(range(first, len(loads))),
                runs=() if stays else output.runs((0, output.shape[0]), (rows,)),
                rows_done=rows[1],
            )
        )
    return LayerPlan(
        layer=layer,
        weight_format=context.precision.tensors[layer.inputs[0]],
        input_format=context.precision.tensors[layer.inputs[0]],
        output_format=context.precision.tensors[layer.name],
        shape=None,
        tiling=None,
        passes=passes_of(layer, context.hardware.vector),
        weight_loads=(),
        loads=tuple(loads),
        steps=(),
        outputs=tuple(tiles),
        resident_bytes=context.resident_bytes(layer.name),
        freed_bytes=context.freed_bytes,
        rows=made,
        traffic=Traffic(
            parameter_bytes=_share(layer.parameters * PARAMETER_BYTES, made, height),
            input_bytes=sum(load.size_bytes for load in loads if load.tensor is not None),
            output_bytes=0 if stays else output.range_bytes((0, output.shape[0]), extent(made)),
        ),
    )


def plan_nothing(layer: Layer, context: PlanContext) -> LayerPlan:
    """A layer of which a core moves and computes nothing: a concatenation, or one that other cores make."""
    tensor_format = context.precision.tensors[layer.name]
    return LayerPlan(
        layer=layer,
        weight_format=tensor_format,
        input_format=tensor_format,
        output_format=tensor_format,
        shape=None,
        tiling=None,
        passes=Fraction(0),
        weight_loads=(),
        loads=(),
        steps=(),
        outputs=(),
        resident_bytes=0,
        freed_bytes=0,
        rows=(0, 0),
        traffic=Traffic(),
    )


@dataclass(frozen=True, slots=True)
class VectorTile:
    """What the tiles of a vector layer, of which `rows` are to be made, take of the buffers; `streamed` are its inputs
    from DRAM.
    """

    layer: Layer
    rows: int
    streamed: Sequence[TensorLayout]
    output: TensorLayout
    ping_pong: bool

    def most_rows(self, space: Space) -> int | None:
        """Most rows of a tile that fits, at most a `MIN_TILES`-th of them all; None if one row is too many."""
        for step in range(ceil_div(self.rows, MIN_TILES), 0, -1):
            if all(need <= limit for need, limit in zip(self.needs(step), space, strict=True)):
                return step
        return None

    def needs(self, rows: int) -> tuple[int, int, int]:
        """Bytes that tiles of so many rows need of each buffer; with ping-pong, those with a successor count twice."""
        layer, rows_out = self.layer, self.layer.output_shape[1]
        taken = ceil_div(layer.parameters * PARAMETER_BYTES * rows, rows_out)
        for layout in self.streamed:
            rows_in = layout.shape[1]
            if layer.window is not None:
                most = rows_under(layer.window, rows)
            else:
                most = rows if rows_in == rows_out else ceil_div(rows_in * rows, rows_out) + 1
            taken += min(most, rows_in) * layout.row_bytes
        copies = 2 if self.ping_pong and rows < self.rows else 1
        return 0, copies * taken, copies * rows * self.output.row_bytes


def _loads(layer: Layer, streamed: dict[str, TensorLayout], parameter_address: int, rows: Range) -> Iterator[Load]:
    """What one tile reads: rows of every input, and its share of the layer's parameters."""
    for name, layout in streamed.items():
        spans = _input_spans(layer, layout, rows)
        yield Load.of(layout.runs((0, layout.shape[0]), spans), name, (spans[0][0], spans[-1][1]))
    height, total = layer.output_shape[1], layer.parameters * PARAMETER_BYTES
    share = _share(total, rows, height)
    if share:
        yield Load.of((Run(parameter_address + total * rows[0] // height, share),))


def _share(total: int, rows: Range, height: int) -> int:
    """What falls to some rows when `total` is spread over `height` rows; shares add up to the total."""
    return total * rows[1] // height - total * rows[0] // height


def _input_spans(layer: Layer, layout: TensorLayout, rows: Range) -> tuple[Range, ...]:
    """Input rows that output rows read: under the window, or in proportion where the shape changes."""
    rows_in, rows_out = layout.shape[1], layer.output_shape[1]
    if layer.window is not None:
        return window_spans(layer.window, rows_in, rows)
    return ((rows_in * rows[0] // rows_out, ceil_div(rows_in * rows[1], rows_out)),)
