"""Buffer port, decoder and array: the closed forms, and who stretches whom."""

from __future__ import annotations

import pytest

from accelsim.analytic.compute import array_shape
from accelsim.config.hardware import ArrayConfig
from accelsim.hw.buffer import OperandBuffer
from accelsim.hw.decoder import Decoder
from accelsim.hw.payloads import OperandStream, TileMultiply
from accelsim.hw.pe_array import PEArray
from accelsim.tlm import Command, collect
from accelsim.workload.layers import Gemm
from tests.unit.hw.conftest import Bench

ARRAY = ArrayConfig(rows=32, cols=32, shadow_registers=False)
TILE = Gemm(groups=1, pixels=128, reduction=32, outputs=32)  # one fold: 32 + 128 + 32 + 30 cycles
ARRAY_CYCLES = 32 + 128 + 32 + 32 - 2


def stream(codes: int, bits: int, *, decoded: bool = True) -> OperandStream:
    return OperandStream(
        Command.READ, 0, codes * bits // 8, "bench.player", codes=codes, codes_per_word=8 // bits, decoded=decoded
    )


def decoder(bench: Bench, name: str, *, port_bytes: int | None = None, lanes: int = 32) -> Decoder:
    """A decoder of latency 2 in front of a buffer."""
    block = Decoder(bench.env, f"{name}_decoder", bench.root, lanes=lanes, latency_cycles=2)
    buffer = OperandBuffer(bench.env, f"{name}_buffer", bench.root, 2**20, port_bytes)
    block.from_buffer.bind(buffer.read_port)
    return block


class TestDecoder:
    def test_the_page(self, bench: Bench) -> None:
        payload = stream(4096, 4)
        bench.play(decoder(bench, "input").to_array, (0, payload))
        assert bench.run() == [(0, 2 + 4096 // (2 * 32))]
        assert payload.decode_cycles == 66

    def test_other_formats_pass(self, bench: Bench) -> None:
        payload = stream(4096, 8, decoded=False)
        bench.play(decoder(bench, "input").to_array, (7, payload))
        assert bench.run() == [(7, 7)]
        assert payload.decode_cycles == 0

    def test_a_narrow_port_is_slower_than_the_decoder(self, bench: Bench) -> None:
        """4096 bytes at 16 a cycle, the page's example, beside 2 + 4096 / 32 = 130 cycles of decoding."""
        payload = stream(4096, 8)
        bench.play(decoder(bench, "input", port_bytes=16).to_array, (0, payload))
        assert bench.run() == [(0, 256)]
        assert (payload.port_cycles, payload.decode_cycles) == (256, 130)


def array(bench: Bench, *, input_lanes: int = 32, weight_port: int | None = None) -> PEArray:
    block = PEArray(bench.env, "array", bench.root, ARRAY)
    block.inputs.bind(decoder(bench, "input", lanes=input_lanes).to_array)
    block.weights.bind(decoder(bench, "weight", port_bytes=weight_port).to_array)
    return block


def job(bits: int = 8) -> TileMultiply:
    return TileMultiply(
        Command.READ, 0, 1, "bench.player", tile=TILE, shape=array_shape(ARRAY, bits, bits),
        weight_bits=bits, input_bits=bits, weights_decoded=True, inputs_decoded=True,
    )  # fmt: skip


class TestArray:
    def test_a_tile_takes_its_closed_form(self, bench: Bench) -> None:
        block, payload = array(bench), job()
        bench.play(block.commands, (0, payload))
        assert bench.run() == [(0, ARRAY_CYCLES)]
        assert (payload.streaming_cycles, payload.fill_drain_cycles) == (128, ARRAY_CYCLES - 128)
        found = collect(block)
        assert (found["macs"], found["tiles"]) == (TILE.macs, 1)

    @pytest.mark.parametrize(("lanes", "cycles"), [(16, 2 + 128 * 32 // 16), (32, ARRAY_CYCLES)])
    def test_a_slow_decoder_stretches_it(self, bench: Bench, lanes: int, cycles: int) -> None:
        payload = job()
        bench.play(array(bench, input_lanes=lanes).commands, (0, payload))
        assert bench.run() == [(0, cycles)]
        assert payload.decoder_cycles == 2 + 128 * 32 // lanes

    def test_a_narrow_port_stretches_it(self, bench: Bench) -> None:
        payload = job()
        bench.play(array(bench, weight_port=2).commands, (0, payload))
        assert bench.run() == [(0, 32 * 32 // 2)]
        assert payload.weight_port_cycles == 512

    def test_narrow_operands_see_a_larger_array(self, bench: Bench) -> None:
        """64 x 64: one fold of 64 + 128 + 64 + 64 - 2 cycles."""
        bench.play(array(bench).commands, (0, job(bits=4)))
        assert bench.run() == [(0, 64 + 128 + 64 + 64 - 2)]
