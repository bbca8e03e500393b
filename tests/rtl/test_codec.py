"""The DyBit decoder and encoder in Verilog, exhaustively against `quant.formats`, every width and both signs."""

from __future__ import annotations

from tests.rtl.conftest import Simulate


def test_decoders(icarus: Simulate) -> None:
    icarus("decoder_bench", "drive_decoder")


def test_encoders(icarus: Simulate) -> None:
    icarus("encoder_bench", "drive_encoder")
