"""The ready-made player and memory: bytes, errors, timing."""

import pytest
from simpy import Environment, Event
from simpy.events import NORMAL, EventPriority

from accelsim.errors import SimulationError
from accelsim.tlm import Command, Module, Monitor, OldestFirst, Rules, SimpleMemory, Status, TrafficPlayer, Transaction
from accelsim.tlm.run import run_until_idle


def play(transactions: list[Transaction], contents: bytearray | None) -> SimpleMemory:
    env = Environment()
    root = Module(env, "root")
    memory = SimpleMemory(
        env, "memory", root, arbiter=OldestFirst(), latency_cycles=10, bytes_per_cycle=4, contents=contents
    )
    player = TrafficPlayer(env, "player", root, transactions=transactions)
    Monitor(player.socket, memory.ports[0], Rules(max_outstanding=1, is_functional=contents is not None))
    root.start()
    run_until_idle(env, root)
    return memory


def test_what_is_written_is_read_back() -> None:
    contents = bytearray(16)
    write = Transaction(Command.WRITE, 4, 5, "player", data=b"dybit")
    read = Transaction(Command.READ, 3, 7, "player")
    play([write, read], contents)
    assert read.data == b"\0dybit\0"
    assert contents == b"\0\0\0\0dybit\0\0\0\0\0\0\0"


def test_latency_is_fixed_part_and_size_over_width() -> None:
    """10 + ceil(5 / 4) = 12 and 10 + ceil(4 / 4) = 11."""
    transactions = [Transaction(Command.READ, 0, size, "player") for size in (5, 4)]
    memory = play(transactions, None)
    assert [each.latency_cycles for each in transactions] == [12, 11] == [memory.service_cycles(5), 11]


def test_a_delay_on_the_way_comes_first() -> None:
    delayed = Transaction(Command.READ, 0, 4, "player", delay_cycles=7)
    play([delayed], None)
    assert delayed.latency_cycles == 7 + 11


def test_an_address_beyond_the_contents_is_a_status_not_a_crash() -> None:
    beyond = Transaction(Command.READ, 15, 2, "player")
    play([beyond], bytearray(16))
    assert (beyond.status, beyond.data) == (Status.ADDRESS_ERROR, None)


def test_a_player_sends_at_least_one_at_a_time() -> None:
    with pytest.raises(SimulationError, match="player: 0 outstanding transactions move nothing"):
        TrafficPlayer(Environment(), "player", transactions=[], max_outstanding=0)


def test_a_transaction_is_three_events() -> None:
    """Decision, grant and service time; beside them the start and the end of the player's process."""

    class CountingEnvironment(Environment):
        scheduled = 0

        def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
            self.scheduled += 1
            super().schedule(event, priority, delay)

    env = CountingEnvironment()
    root = Module(env, "root")
    memory = SimpleMemory(env, "memory", root, arbiter=OldestFirst())
    reads = [Transaction(Command.READ, 0, 1, "player") for _ in range(10)]
    TrafficPlayer(env, "player", root, transactions=reads).socket.bind(memory.ports[0])
    root.start()
    run_until_idle(env, root)
    assert env.scheduled == 3 * 10 + 2
