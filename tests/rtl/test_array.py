"""The fusable PE and the array in Verilog: exact products in every mode, and the cycles that the model counts."""

from __future__ import annotations

import json

import pytest

from accelsim.analytic.compute import ArrayShape, array_cycles, array_shape
from accelsim.config.hardware import ArrayConfig
from accelsim.hw.buffer import OperandBuffer
from accelsim.hw.decoder import Decoder
from accelsim.hw.payloads import TileMultiply
from accelsim.hw.pe_array import PEArray
from accelsim.tlm import Command
from accelsim.workload.layers import Gemm
from tests.rtl.conftest import Simulate
from tests.unit.hw.conftest import Bench


def test_pe(icarus: Simulate) -> None:
    icarus("pe_bench", "drive_pe")


@pytest.mark.parametrize(("rows", "cols"), [(4, 3)])
def test_array(icarus: Simulate, rows: int, cols: int) -> None:
    """A tile takes the closed form's cycles, less the skew of the widened array: docs/rtl.md, "Cycles"."""
    directory = icarus("decoded_array", "drive_array", ROWS=rows, COLS=cols)
    measured = json.loads((directory / "tiles.json").read_text(encoding="utf-8"))
    config = ArrayConfig(rows=rows, cols=cols)
    for tile in measured:
        shape = array_shape(config, tile["weight_bits"], tile["input_bits"])
        gemm = Gemm(1, tile["pixels"], tile["reduction"], tile["outputs"])
        closed_form = array_cycles(gemm, shape, "ws", shadow_registers=True).total
        assert simulated_cycles(config, gemm, shape, tile) == closed_form
        skew_inside_pes = (shape.rows - rows) + (shape.cols - cols)
        assert tile["cycles"] == closed_form - skew_inside_pes, tile


def simulated_cycles(config: ArrayConfig, gemm: Gemm, shape: ArrayShape, widths: dict[str, int]) -> int:
    """The service time of the simulator's array, behind decoders and buffers that keep up with it."""
    bench = Bench()
    array = PEArray(bench.env, "array", bench.root, config)
    for socket, name in ((array.inputs, "input"), (array.weights, "weight")):
        decoder = Decoder(bench.env, f"{name}_decoder", bench.root, lanes=2**10, latency_cycles=2)
        decoder.from_buffer.bind(OperandBuffer(bench.env, f"{name}_buffer", bench.root, 2**20, None).read_port)
        socket.bind(decoder.to_array)
    job = TileMultiply(
        Command.READ, 0, 1, "bench.player", tile=gemm, shape=shape, weight_bits=widths["weight_bits"],
        input_bits=widths["input_bits"], weights_decoded=True, inputs_decoded=True,
    )  # fmt: skip
    bench.play(array.commands, (0, job))
    [(issued, completed)] = bench.run()
    return completed - issued
