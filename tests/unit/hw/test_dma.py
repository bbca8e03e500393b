"""The DMA engine: how a tile becomes bursts, and how many are under way."""

from __future__ import annotations

from accelsim.hw.dma import DmaEngine, bursts_of
from accelsim.hw.payloads import Transfer
from accelsim.mapping.layout import Run
from accelsim.tlm import Command, Monitor, RoundRobin, Rules, SimpleMemory, collect
from tests.unit.hw.conftest import Bench


def test_bursts_end_at_every_multiple() -> None:
    """The example of docs/timing-model.md."""
    bursts = list(bursts_of([Run(5000, 20_000)], 8192))
    assert bursts == [Run(5000, 3192), Run(8192, 8192), Run(16_384, 8192), Run(24_576, 424)]


def test_runs_are_cut_one_by_one() -> None:
    assert list(bursts_of([Run(0, 10), Run(100, 20)], 16)) == [Run(0, 10), Run(100, 12), Run(112, 8)]


def engine(bench: Bench, outstanding: int, contents: bytearray | None = None) -> DmaEngine:
    """Onto a memory of four ports' worth of patience: 10 cycles for each burst, one at a time."""
    memory = SimpleMemory(
        bench.env,
        "memory",
        bench.root,
        arbiter=RoundRobin(1),
        latency_cycles=9,
        bytes_per_cycle=2**20,
        contents=contents,
    )
    dma = DmaEngine(bench.env, "dma", bench.root, outstanding=outstanding, max_burst_bytes=64)
    Monitor(dma.memory, memory.ports[0], Rules(max_outstanding=outstanding))
    return dma


def tile(size_bytes: int, command: Command = Command.READ) -> Transfer:
    return Transfer.of(command, (Run(0, size_bytes),), "bench.player")


def test_a_tile_is_done_with_its_last_burst(bench: Bench) -> None:
    bench.play(engine(bench, outstanding=2).commands, (0, tile(5 * 64)), (100, tile(65)))
    assert bench.run() == [(0, 50), (100, 120)]


def test_statistics(bench: Bench) -> None:
    dma = engine(bench, outstanding=4)
    bench.play(dma.commands, (0, tile(128)), (200, tile(64, Command.WRITE)))
    bench.run()
    found = collect(dma)
    assert (found["read_bytes"], found["write_bytes"], found["transactions"]) == (128, 64, 3)
    assert found["busy"] == {"cycles": 20 + 10, "utilisation": 30 / 210}


class Bytes:
    """The bytes of a tile by address."""

    def __init__(self) -> None:
        self.by_address: dict[int, int] = {}

    def part(self, address: int, size_bytes: int) -> bytes:
        return bytes(self.by_address[address + index] for index in range(size_bytes))

    def fill(self, address: int, part: bytes) -> None:
        self.by_address.update(enumerate(part, start=address))


def test_a_tile_with_cargo_carries_its_bytes_burst_by_burst(bench: Bench) -> None:
    """Read from two places, written to two others; each run is cut at 64."""
    contents, cargo = bytearray(range(256)), Bytes()
    read = Transfer.of(Command.READ, (Run(60, 8), Run(100, 4)), "bench.player", cargo)
    expected = {address: address for address in [*range(60, 68), *range(100, 104)]}
    bench.play(engine(bench, 2, contents).commands, (0, read))
    bench.run()
    assert cargo.by_address == expected


def test_a_write_takes_its_bytes_along(bench: Bench) -> None:
    contents, cargo = bytearray(256), Bytes()
    cargo.fill(126, b"\x01\x02\x03\x04")
    bench.play(
        engine(bench, 2, contents).commands, (0, Transfer.of(Command.WRITE, (Run(126, 4),), "bench.player", cargo))
    )
    bench.run()
    assert contents == bytes(126) + b"\x01\x02\x03\x04" + bytes(126)
