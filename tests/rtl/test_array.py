"""The fusable PE and the array in Verilog: exact products in every mode, and the cycles that the model counts."""

from __future__ import annotations

import pytest

from accelsim.config.hardware import ArrayConfig
from accelsim.hw.buffer import OperandBuffer
from accelsim.hw.decoder import Decoder
from accelsim.hw.payloads import TileMultiply
from accelsim.hw.pe_array import PEArray
from accelsim.tlm import Command
from tests.rtl.conftest import Simulate
from tests.rtl.measured_tiles import MeasuredTile, measured_tiles
from tests.unit.hw.conftest import Bench


def test_pe(icarus: Simulate) -> None:
    icarus("pe_bench", "drive_pe")


@pytest.mark.parametrize(("rows", "cols"), [(4, 3)])
def test_array(icarus: Simulate, rows: int, cols: int) -> None:
    """A tile takes the closed form's cycles and the simulator's: docs/rtl.md, "Cycles"."""
    directory = icarus("decoded_array", "drive_array", ROWS=rows, COLS=cols)
    config = ArrayConfig(rows=rows, cols=cols, fusion="combinational")
    for tile in measured_tiles(directory, config):
        assert tile.cycles == tile.modelled_cycles == simulated_cycles(config, tile), tile


def simulated_cycles(config: ArrayConfig, tile: MeasuredTile) -> int:
    """The service time of the simulator's array, behind decoders and buffers that keep up with it."""
    bench = Bench()
    array = PEArray(bench.env, "array", bench.root, config)
    for socket, name in ((array.inputs, "input"), (array.weights, "weight")):
        decoder = Decoder(bench.env, f"{name}_decoder", bench.root, lanes=2**10, latency_cycles=2)
        decoder.from_buffer.bind(OperandBuffer(bench.env, f"{name}_buffer", bench.root, 2**20, None).read_port)
        socket.bind(decoder.to_array)
    job = TileMultiply(
        Command.READ, 0, 1, "bench.player", tile=tile.gemm, shape=tile.shape, weight_bits=tile.weight_bits,
        input_bits=tile.input_bits, weights_decoded=True, inputs_decoded=True,
    )  # fmt: skip
    bench.play(array.commands, (0, job))
    [(issued, completed)] = bench.run()
    return completed - issued
