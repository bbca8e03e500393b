"""Room in a buffer, as its statistics tell it."""

from __future__ import annotations

from accelsim.hw.buffer import Buffer
from accelsim.tlm import collect
from tests.unit.hw.conftest import Bench


def test_the_peak_is_remembered(bench: Bench) -> None:
    buffer = Buffer(bench.env, "buffer", bench.root, 1000)
    assert buffer.space.try_reserve(700)
    buffer.space.release(600)
    assert not buffer.space.try_reserve(901)
    assert buffer.space.try_reserve(500)
    assert collect(buffer) == {"capacity_bytes": 1000, "peak_bytes": 700}
