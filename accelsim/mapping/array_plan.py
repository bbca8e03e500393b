"""The plan of a layer that runs on the PE array: its loops unrolled into steps, loads and output tiles."""

from __future__ import annotations

from collections.abc import Iterator

from accelsim.analytic.traffic import sweeps
from accelsim.analytic.vector import passes_of
from accelsim.mapping.context import PlanContext, rows_after_pooling
from accelsim.mapping.layout import Run, split
from accelsim.mapping.problem import (
    is_flattened,
    stationary_format,
    stationary_is_transposed,
    tiling_problem,
)
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Step, Traffic
from accelsim.mapping.tiling import Tiling, rows_of_sweep
from accelsim.units import bits_to_bytes, ceil_div
from accelsim.workload.layers import Gemm, Layer

Range = tuple[int, int]
#: Group, output-row, output-channel and input-channel range of one step.
Tile = tuple[Range, Range, Range, Range]


class ArrayPlanner:
    """Unrolls one layer. A tile is loaded when its index differs from that of the step before."""

    def __init__(self, layer: Layer, context: PlanContext, tiling: Tiling) -> None:
        assert layer.gemm is not None, layer.name
        self._layer, self._context, self._tiling, self._gemm = layer, context, tiling, layer.gemm
        self._problem = tiling_problem(layer, context.precision, context.hardware, context.resident)
        self._output = context.layouts[layer.name]
        self._input = context.layouts[layer.inputs[0]]
        self._rows_complete = rows_after_pooling(layer)
        self._weight_runs = self._place_weights() if layer.kind != "matmul" else {}
        self._weight_loads: list[Load] = []
        self._loads: list[Load] = []
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
                self._loads.append(self._input_load(tile))
            self._add_step(tile)
        return self._finished()

    def _tiles(self) -> Iterator[Tile]:
        tiling, problem = self._tiling, self._problem
        all_rows, all_outputs = split(problem.rows, tiling.rows), split(problem.outputs, tiling.outputs)
        all_channels = split(problem.channels, tiling.channels)
        for groups in split(problem.groups, tiling.groups):
            if tiling.order == "rows_outer":
                pairs = [(rows, outputs) for rows in all_rows for outputs in all_outputs]
            else:
                pairs = [(rows, outputs) for outputs in all_outputs for rows in all_rows]
            for rows, outputs in pairs:
                for channels in all_channels:
                    yield groups, rows, outputs, channels

    def _add_step(self, tile: Tile) -> None:
        groups, rows, outputs, channels = tile
        problem = self._problem
        ends_output = channels[1] == problem.channels
        gemm = Gemm(
            groups=groups[1] - groups[0],
            pixels=(rows[1] - rows[0]) * problem.row_pixels,
            reduction=(channels[1] - channels[0]) * problem.kernel_area,
            outputs=outputs[1] - outputs[0],
        )
        self._steps.append(
            Step(
                tile=gemm,
                weight_load=len(self._weight_loads) - 1,
                input_load=None if problem.input_resident else len(self._loads) - 1,
                input_rows=self._rows_needed(rows),
                output=len(self._outputs),
                starts_output=channels[0] == 0,
                ends_output=ends_output,
            )
        )
        if ends_output:
            self._outputs.append(self._output_tile(tile, gemm))

    def _rows_needed(self, rows: Range) -> int:
        """Rows of the input tensor that must exist before these output rows can be computed."""
        if is_flattened(self._layer):
            return self._layer.input_shape[1]
        return self._problem.input_rows_of(*rows)[1]

    def _place_weights(self) -> dict[tuple[Range, Range, Range], Run]:
        """Trained weights lie in DRAM in the order of use, tile after tile, each with its outputs' parameters."""
        problem, tiling = self._problem, self._tiling
        runs: dict[tuple[Range, Range, Range], Run] = {}
        bits = parameter_bytes = 0
        for groups in split(problem.groups, tiling.groups):
            for outputs in split(problem.outputs, tiling.outputs):
                for channels in split(problem.channels, tiling.channels):
                    start = bits_to_bytes(bits) + parameter_bytes
                    results = (groups[1] - groups[0]) * (outputs[1] - outputs[0])
                    bits += results * (channels[1] - channels[0]) * problem.kernel_area * problem.weight_bits
                    parameter_bytes += results * problem.parameter_bytes if channels[0] == 0 else 0
                    end = bits_to_bytes(bits) + parameter_bytes
                    runs[groups, outputs, channels] = Run(self._context.parameter_address + start, end - start)
        return runs

    def _weight_load(self, tile: Tile) -> Load:
        groups, _, outputs, channels = tile
        if self._layer.kind != "matmul":
            run = self._weight_runs[groups, outputs, channels]
            return Load((run,), run.size_bytes)
        tensor = self._layer.inputs[1]
        layout = self._context.layouts[tensor]
        transposed = stationary_is_transposed(self._layer, self._context.workload)
        across, rows = (channels, outputs) if transposed else (outputs, channels)
        size = layout.shape[0] // self._gemm.groups
        span = (groups[0] * size + across[0], (groups[1] - 1) * size + across[1])
        runs = layout.runs(*span, *rows)
        return Load(runs, sum(run.size_bytes for run in runs), tensor, rows[1])

    def _input_load(self, tile: Tile) -> Load:
        groups, rows, _, channels = tile
        problem = self._problem
        tensor = self._layer.inputs[0]
        if is_flattened(self._layer):
            runs = self._input.flat_runs(*channels, problem.channels)
        else:
            first = groups[0] * problem.channels + channels[0]
            last = (groups[1] - 1) * problem.channels + channels[1]
            runs = self._input.runs(first, last, *problem.input_rows_of(*rows))
        return Load(runs, sum(run.size_bytes for run in runs), tensor, self._rows_needed(rows))

    def _output_tile(self, tile: Tile, gemm: Gemm) -> OutputTile:
        groups, rows, outputs, _ = tile
        problem, name = self._problem, self._layer.name
        channels = (groups[0] * problem.outputs + outputs[0], (groups[1] - 1) * problem.outputs + outputs[1])
        operands = []
        for operand in self._layer.operands:
            if operand not in self._context.resident:
                runs = self._context.layouts[operand].runs(*channels, *rows)
                operands.append(len(self._loads))
                self._loads.append(Load(runs, sum(run.size_bytes for run in runs), operand, rows[1]))
        emitted = (self._rows_complete(rows[0]), self._rows_complete(rows[1]))
        stored = () if name in self._context.resident else self._output.runs(*channels, *emitted)
        completes_rows = groups[1] == problem.groups and outputs[1] == problem.outputs
        elements = gemm.groups * gemm.pixels * gemm.outputs
        return OutputTile(
            elements=elements,
            reserved_bytes=bits_to_bytes(elements * problem.accumulator_bits),
            encoded_bytes=self._output.range_bytes(*channels, *emitted),
            loads=tuple(operands),
            runs=tuple(run for run in stored if run.size_bytes),
            rows_done=emitted[1] if completes_rows else 0,
        )

    def _finished(self) -> LayerPlan:
        layer, context = self._layer, self._context
        return LayerPlan(
            layer=layer,
            weight_format=stationary_format(layer, context.precision),
            input_format=context.precision.tensors[layer.inputs[0]],
            output_format=context.precision.tensors[layer.name],
            shape=self._problem.shape,
            tiling=self._tiling,
            passes=passes_of(layer),
            weight_loads=tuple(self._weight_loads),
            loads=tuple(self._loads),
            steps=tuple(self._steps),
            outputs=tuple(self._outputs),
            resident_bytes=context.resident_bytes(layer.name),
            freed_bytes=context.freed_bytes,
            traffic=self._predicted_traffic(),
        )

    def _predicted_traffic(self) -> Traffic:
        """Bytes in closed form: sweeps times tensor sizes. The simulated bytes must equal them."""
        layer, problem, tiling, layouts = self._layer, self._problem, self._tiling, self._context.layouts
        counts = (
            ceil_div(problem.rows, tiling.rows),
            ceil_div(problem.outputs, tiling.outputs),
            ceil_div(problem.channels, tiling.channels),
        )
        weight_sweeps, input_sweeps = map(int, sweeps(tiling.order == "rows_outer", *counts))
        if layer.kind == "matmul":
            weight_bytes = layouts[layer.inputs[1]].size_bytes
        else:
            weight_bytes = bits_to_bytes(layer.weight_elements * problem.weight_bits)
        if is_flattened(layer):
            swept = self._input.size_bytes
        else:
            swept = rows_of_sweep(problem, tiling.rows) * (self._input.size_bytes // layer.input_shape[1])
        return Traffic(
            weight_bytes=weight_bytes * weight_sweeps,
            parameter_bytes=problem.groups * problem.outputs * problem.parameter_bytes * weight_sweeps,
            input_bytes=0 if problem.input_resident else swept * input_sweeps,
            operand_bytes=sum(
                layouts[name].size_bytes for name in layer.operands if name not in self._context.resident
            ),
            output_bytes=0 if layer.name in self._context.resident else self._output.size_bytes,
        )
