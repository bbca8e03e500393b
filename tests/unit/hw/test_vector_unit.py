"""The vector unit takes one tile at a time, `passes` times through its lanes."""

from __future__ import annotations

from accelsim.config.hardware import VectorConfig
from accelsim.hw.payloads import PostProcess
from accelsim.hw.vector_unit import VectorUnit
from accelsim.tlm import Command, collect
from tests.unit.hw.conftest import Bench


def tile(elements: int, passes: int = 1) -> PostProcess:
    return PostProcess(Command.WRITE, 0, elements, "bench.player", elements=elements, passes=passes)


def test_the_page(bench: Bench) -> None:
    unit = VectorUnit(bench.env, "vector", bench.root, VectorConfig(lanes=64, latency_cycles=16))
    bench.play(unit.commands, (0, tile(3136 * 64)), (10_000, tile(3136 * 64, passes=3)), (20_000, tile(65)))
    assert bench.run() == [(0, 3152), (10_000, 10_000 + 9424), (20_000, 20_000 + 16 + 2)]
    found = collect(unit)
    assert found["elements"] == 2 * 3136 * 64 + 65
    assert found["busy"] == {"cycles": 3152 + 9424 + 18, "utilisation": (3152 + 9424 + 18) / 20_018}
