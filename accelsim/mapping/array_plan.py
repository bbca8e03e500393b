"""The plan of a layer that runs on the PE array: its loops unrolled into steps, loads and output tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from accelsim.analytic.vector import passes_of
from accelsim.mapping.context import PlanContext
from accelsim.mapping.problem import residual_operands, stationary_format, tiling_problem
from accelsim.mapping.ranges import Range, cut, extent, in_all_groups, split
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Step, TileRanges, Traffic
from accelsim.mapping.share import Share
from accelsim.mapping.tiles import Tiling, moved_bytes
from accelsim.mapping.weight_layout import WeightTile, place_weights
from accelsim.units import bits_to_bytes
from accelsim.workload.layers import Gemm, Layer


class ArrayPlanner:
    """Unrolls a core's share of a layer. A tile is loaded when its index differs from that of the step before."""

    def __init__(self, layer: Layer, share: Share, context: PlanContext, tiling: Tiling) -> None:
        assert layer.gemm is not None, layer.name
        self._layer, self._context, self._tiling, self._gemm = layer, context, tiling, layer.gemm
        layouts = context.layouts
        self._problem = tiling_problem(layer, share, context.precision, context.hardware, layouts, context.resident)
        self._share, self._rows = share, self._problem.output.rows_of(share.rows)
        self._output, self._input = layouts[layer.name], layouts[layer.inputs[0]]
        self._streamed_operands = [
            (name, tensor) for name, tensor in residual_operands(layer, layouts) if name not in context.resident
        ]
        self._placed = place_weights(self._problem, tiling, context.parameter_address) if layer.weight_elements else {}
        self._weight_loads: list[Load] = []
        self._weight_tiles: list[WeightTile] = []
        self._loads: list[Load] = []
        self._input_index: int | None = None
        self._steps: list[Step] = []
        self._outputs: list[OutputTile] = []

    def plan(self) -> LayerPlan:
        """Walk the loops once and gather everything."""
        weight_key: object = None
        input_key: object = None
        for tile in self._tiles():
            groups, rows, outputs, channels = tile
            if weight_key != (groups, outputs, channels):
                weight_key = (groups, outputs, channels)
                self._weight_loads.append(self._weight_load(tile))
            if input_key != (groups, rows, channels) and not self._problem.input_resident:
                input_key = (groups, rows, channels)
                self._input_index = len(self._loads)
                self._loads.append(self._input_load(tile))
            self._add_step(tile)
        return self._finished()

    def _tiles(self) -> Iterator[TileRanges]:
        tiling, share = self._tiling, self._share
        all_rows, all_outputs = cut(share.rows, tiling.rows), cut(share.outputs, tiling.outputs)
        all_channels = split(self._problem.channels, tiling.channels)
        for groups in cut(share.groups, tiling.groups):
            if tiling.rows_outer:
                pairs = [(rows, outputs) for rows in all_rows for outputs in all_outputs]
            else:
                pairs = [(rows, outputs) for outputs in all_outputs for rows in all_rows]
            for rows, outputs in pairs:
                for channels in all_channels:
                    yield TileRanges(groups, rows, outputs, channels)

    def _add_step(self, tile: TileRanges) -> None:
        groups, rows, outputs, channels = tile
        problem = self._problem
        ends_output = channels[1] == problem.channels
        gemm = problem.tile_gemm(extent(groups), extent(rows), extent(outputs), extent(channels))
        self._steps.append(
            Step(
                tile=gemm,
                ranges=tile,
                weight_load=len(self._weight_loads) - 1,
                input_load=self._input_index,
                input_rows=self._rows_needed(rows)[1],
                output=len(self._outputs),
                starts_output=channels[0] == 0,
                ends_output=ends_output,
            )
        )
        if ends_output:
            self._outputs.append(self._output_tile(tile, gemm))

    def _rows_needed(self, rows: Range) -> Range:
        """Rows of the input tensor that must exist before these output rows can be computed."""
        if self._problem.flattened:
            return 0, self._layer.input_shape[1]
        spans = self._problem.input_spans(rows)
        return spans[0][0], spans[-1][1]

    def _weight_load(self, tile: TileRanges) -> Load:
        groups, _, outputs, channels = tile
        if self._placed:
            self._weight_tiles.append(self._placed[groups, outputs, channels])
            return Load.of((self._weight_tiles[-1].run,))
        tensor = self._layer.inputs[1]
        layout = self._context.layouts[tensor]
        across, rows = (channels, outputs) if self._layer.transposed else (outputs, channels)
        return Load.of(
            layout.runs(in_all_groups(groups, across, layout.shape[0] // self._gemm.groups), (rows,)), tensor, rows
        )

    def _input_load(self, tile: TileRanges) -> Load:
        groups, rows, _, channels = tile
        problem = self._problem
        tensor, rows_needed = self._layer.inputs[0], self._rows_needed(rows)
        if problem.flattened:
            return Load.of(self._input.flat_runs(channels, problem.channels), tensor, rows_needed)
        wanted, spans = in_all_groups(groups, channels, problem.channels), problem.input_spans(rows)
        load = Load.of(self._input.runs(self._input.whole_blocks(wanted), spans), tensor, rows_needed)
        kept_bytes = self._input.range_bytes(wanted, sum(map(extent, spans)))
        return replace(load, kept_bytes=kept_bytes)

    def _output_tile(self, tile: TileRanges, gemm: Gemm) -> OutputTile:
        groups, rows, outputs, _ = tile
        problem, stays = self._problem, self._layer.name in self._context.resident
        channels = in_all_groups(groups, outputs, self._gemm.outputs)
        done = problem.output.rows_of(rows)
        last_channels = groups[1] == self._share.groups[1] and outputs[1] == self._share.outputs[1]
        elements = gemm.groups * gemm.pixels * gemm.outputs
        encoded_bytes = self._output.range_bytes(channels, extent(done))
        return OutputTile(
            elements=elements,
            reserved_bytes=max(bits_to_bytes(elements * problem.array.accumulator_bits), encoded_bytes),
            encoded_bytes=encoded_bytes,
            loads=self._load_operands(channels, rows),
            runs=() if stays else self._output.runs(channels, (done,)),
            rows_done=done[1] if last_channels and done[1] > done[0] else 0,
        )

    def _load_operands(self, channels: Range, raw_rows: Range) -> tuple[int, ...]:
        """Append the residual operands of an output tile to the loads; their indices."""
        first = len(self._loads)
        for name, tensor in self._streamed_operands:
            rows = tensor.rows_of(raw_rows)
            if rows[1] > rows[0]:
                self._loads.append(Load.of(self._context.layouts[name].runs(channels, (rows,)), name, rows))
        return tuple(range(first, len(self._loads)))

    def _finished(self) -> LayerPlan:
        layer, context = self._layer, self._context
        return LayerPlan(
            layer=layer,
            weight_format=stationary_format(layer, context.precision),
            input_format=context.precision.tensors[layer.inputs[0]],
            output_format=context.precision.tensors[layer.name],
            shape=self._problem.shape,
            tiling=self._tiling,
            passes=passes_of(layer, context.hardware.vector),
            weight_loads=tuple(self._weight_loads),
            loads=tuple(self._loads),
            steps=tuple(self._steps),
            outputs=tuple(self._outputs),
            resident_bytes=context.resident_bytes(layer.name),
            freed_bytes=context.freed_bytes,
            rows=self._rows,
            traffic=self._predicted_traffic(),
            weight_tiles=tuple(self._weight_tiles),
        )

    def _predicted_traffic(self) -> Traffic:
        """Bytes in closed form: sweeps times tensor sizes. The simulated bytes must equal them."""
        weights, parameters, inputs = map(int, moved_bytes(self._problem, self._tiling))
        stays, share = self._layer.name in self._context.resident, self._share
        channels = in_all_groups(share.groups, share.outputs, self._gemm.outputs)
        operands = [(tensor.layout, extent(tensor.rows_of(share.rows))) for _, tensor in self._streamed_operands]
        return Traffic(
            weight_bytes=weights,
            parameter_bytes=parameters,
            input_bytes=inputs,
            operand_bytes=sum(layout.range_bytes(channels, rows) for layout, rows in operands),
            output_bytes=0 if stays else self._output.range_bytes(channels, extent(self._rows)),
        )
