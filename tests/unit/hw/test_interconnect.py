"""The fabric: arbitration, places at the memory, the data paths."""

from __future__ import annotations

from accelsim.hw.interconnect import Interconnect
from accelsim.tlm import Command, FixedPriority, RoundRobin, SimpleMemory, Transaction
from tests.unit.hw.conftest import Bench

MEMORY_CYCLES = 10


def fabric(
    bench: Bench,
    *,
    in_flight: int,
    latency_cycles: int = 3,
    bytes_per_cycle: int = 64,
    core_bytes_per_cycle: int | None = None,
) -> Interconnect:
    """Two ports of two cores, a first, onto a memory that takes 10 cycles for each transaction, one at a time."""
    memory = SimpleMemory(
        bench.env, "memory", bench.root, arbiter=RoundRobin(1), latency_cycles=MEMORY_CYCLES, bytes_per_cycle=2**20
    )
    interconnect = Interconnect(
        bench.env,
        "interconnect",
        bench.root,
        ports=("a", "b"),
        ports_of_a_core=1,
        bytes_per_cycle=bytes_per_cycle,
        core_bytes_per_cycle=core_bytes_per_cycle,
        latency_cycles=latency_cycles,
        in_flight=in_flight,
        arbiter=FixedPriority([0, 1]),
    )
    interconnect.memory.bind(memory.ports[0])
    return interconnect


def move(size_bytes: int = 64, command: Command = Command.READ) -> Transaction:
    return Transaction(command, 0, size_bytes, "bench.player")


SERVED = MEMORY_CYCLES + 1  # its latency, and a cycle for the data


def test_alone_it_costs_the_memory_and_the_path(bench: Bench) -> None:
    bench.play(fabric(bench, in_flight=1).ports["a"], (5, move()))
    bench.play(bench.root.children[1].ports["b"], (500, move()), name="other")
    assert bench.run() == [(5, 5 + SERVED + 3), (500, 500 + SERVED + 3)]


def test_the_arbiter_orders_those_that_wait(bench: Bench) -> None:
    """One place at the memory: b holds it, then a's request goes before b's second, though it came later."""
    interconnect = fabric(bench, in_flight=1)
    bench.play(interconnect.ports["b"], (0, move()), (1, move()), name="b")
    bench.play(interconnect.ports["a"], (2, move()), name="a")
    bench.run()
    assert [(payload.issue_cycle, complete) for payload, _, complete in bench.log] == [
        (0, SERVED + 3),
        (2, 2 * (SERVED + 3)),
        (1, 3 * (SERVED + 3)),
    ]


def test_reads_share_a_path_and_writes_have_their_own(bench: Bench) -> None:
    """640 bytes at 16 a cycle take 40 to cross; the memory's 11 a transaction are hidden behind that."""
    interconnect = fabric(bench, in_flight=3, latency_cycles=0, bytes_per_cycle=16)
    bench.play(interconnect.ports["a"], (0, move(640)), (0, move(640)), name="a")
    bench.play(interconnect.ports["b"], (0, move(640, Command.WRITE)), name="b")
    bench.run()
    done = {(payload.command, complete) for payload, _, complete in bench.log}
    assert done == {(Command.READ, 40), (Command.READ, 80), (Command.WRITE, 40)}


def test_the_ports_of_a_core_may_be_narrower_than_the_fabric(bench: Bench) -> None:
    """640 bytes take 10 cycles through the fabric, and 40 through the ports of each core, at the same time."""
    interconnect = fabric(bench, in_flight=3, latency_cycles=0, core_bytes_per_cycle=16)
    bench.play(interconnect.ports["a"], (0, move(640)), (0, move(640)), name="a")
    bench.play(interconnect.ports["b"], (0, move(640)), name="b")
    bench.run()
    assert sorted(complete for _, _, complete in bench.log) == [40, 40, 80]
