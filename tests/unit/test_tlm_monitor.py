"""The in-line monitor: it passes what is right, unchanged in time, and names what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm import (
    Command,
    InitiatorSocket,
    Module,
    Monitor,
    RoundRobin,
    Rules,
    SimpleMemory,
    TargetSocket,
    TrafficPlayer,
    Transaction,
    collect,
    run_until_idle,
)

Serve = Callable[[Transaction], None]


def bench(
    serve: Serve, transactions: list[Transaction], rules: Rules | None = None, outstanding: int = 1
) -> tuple[Environment, Module, Monitor]:
    """A player, a monitor and a target that calls `serve` after 10 cycles, started."""
    env = Environment()
    root = Module(env, "root")

    def transport(transaction: Transaction) -> ProcessGenerator:
        yield env.timeout(10)
        serve(transaction)

    player = TrafficPlayer(env, "player", root, transactions=transactions, max_outstanding=outstanding)
    monitor = Monitor(player.socket, TargetSocket(root, "target", transport), rules)
    root.start()
    return env, root, monitor


def read(address: int = 0, size: int = 4) -> Transaction:
    return Transaction(Command.READ, address, size, "player")


def nothing(transaction: Transaction) -> None:
    """Serve correctly in a timed run."""


def test_a_monitor_changes_no_cycle() -> None:
    def latencies(with_monitor: bool) -> list[tuple[int, int]]:
        env = Environment()
        root = Module(env, "root")
        memory = SimpleMemory(env, "memory", root, arbiter=RoundRobin(2), ports=2, latency_cycles=3, bytes_per_cycle=4)
        reads = [Transaction(Command.READ, 16 * i, 16 + i, f"player{i % 2}") for i in range(8)]
        for i, port in enumerate(memory.ports):
            player = TrafficPlayer(env, f"player{i}", root, transactions=reads[i::2])
            if with_monitor:
                Monitor(player.socket, port, Rules(max_outstanding=1))
            else:
                player.socket.bind(port)
        root.start()
        run_until_idle(env, root)
        return [(each.issue_cycle, each.complete_cycle) for each in reads]

    assert latencies(with_monitor=True) == latencies(with_monitor=False)


def test_what_passed_is_counted_under_the_module_of_the_initiator() -> None:
    env, root, monitor = bench(nothing, [read(), read()])
    run_until_idle(env, root)
    monitor.check_idle()
    assert monitor.path == "root.player.socket_monitor"
    assert collect(root)["player"]["socket_monitor"] == {"outstanding": 0, "passed": 2}  # type: ignore[index,call-overload]


def test_too_many_outstanding() -> None:
    env, _, _ = bench(nothing, [read(), read(), read()], Rules(max_outstanding=2), outstanding=3)
    with pytest.raises(SimulationError) as caught:
        env.run()
    assert str(caught.value) == (
        "root.player.socket_monitor at cycle 0: read of 4 bytes at 0x0 by player "
        "begins while 2 are outstanding, at most 2 may be"
    )


@pytest.mark.parametrize(("address", "size"), [(0xFFF, 1), (0x1FFF, 2), (0x2000, 1)])
def test_addresses_outside_the_range(address: int, size: int) -> None:
    env, _, _ = bench(nothing, [read(address, size)], Rules(addresses=range(0x1000, 0x2000)))
    with pytest.raises(SimulationError, match=r"is outside \[0x1000, 0x2000\)"):
        env.run()


def test_addresses_up_to_both_ends_of_the_range() -> None:
    env, root, _ = bench(nothing, [read(0x1000, 1), read(0x1FFF, 1)], Rules(addresses=range(0x1000, 0x2000)))
    assert run_until_idle(env, root) == 2 * 10


def test_read_data_of_the_wrong_length() -> None:
    def serve(transaction: Transaction) -> None:
        transaction.data = b"abc"

    env, _, _ = bench(serve, [read(size=4)])
    with pytest.raises(SimulationError, match="at cycle 10: read of 4 bytes at 0x0 by player carries 3 bytes of data"):
        env.run()


@pytest.mark.parametrize(("command", "cycle"), [(Command.WRITE, 0), (Command.READ, 10)])
def test_a_functional_run_wants_data(command: Command, cycle: int) -> None:
    env, _, _ = bench(nothing, [Transaction(command, 0, 4, "player")], Rules(is_functional=True))
    with pytest.raises(SimulationError, match=f"at cycle {cycle}: {command.value} of 4 .* carries no data"):
        env.run()


def test_a_target_that_completes_by_itself() -> None:
    def serve(transaction: Transaction) -> None:
        transaction.complete_cycle = 3

    env, _, _ = bench(serve, [read()])
    with pytest.raises(SimulationError, match="was marked complete, at cycle 3, by its target"):
        env.run()


def test_a_stamp_from_the_future() -> None:
    def serve(transaction: Transaction) -> None:
        transaction.issue_cycle = 11

    env, _, _ = bench(serve, [read()])
    with pytest.raises(SimulationError, match=r"at cycle 10: .* ends before it was issued, at cycle 11"):
        env.run()


def test_one_transaction_begun_twice() -> None:
    twice = read()
    env, _, _ = bench(nothing, [twice, twice], outstanding=2)
    with pytest.raises(SimulationError, match="begins again before it has ended"):
        env.run()


def test_a_transaction_that_never_ends() -> None:
    env, _, monitor = bench(nothing, [read()])
    env.run(until=5)
    with pytest.raises(SimulationError, match=r"at cycle 5: .* never ended, having begun at cycle 0"):
        monitor.check_idle()


def test_a_payload_of_another_type() -> None:
    @dataclass(slots=True, eq=False)
    class Coded(Transaction):
        code_bits: int = 4

    env = Environment()
    root = Module(env, "root")
    socket = InitiatorSocket(root, "socket", Coded)
    memory = SimpleMemory(env, "memory", root, arbiter=RoundRobin(1))
    Monitor(socket, memory.ports[0])
    with pytest.raises(SimulationError, match="is a Transaction, not a Coded"):
        next(socket.b_transport(read()))


def test_a_fractional_delay_is_noticed() -> None:
    env = Environment()
    root = Module(env, "root")

    def transport(transaction: Transaction) -> ProcessGenerator:
        yield env.timeout(0.5)

    player = TrafficPlayer(env, "player", root, transactions=[read()])
    Monitor(player.socket, TargetSocket(root, "target", transport))
    root.start()
    with pytest.raises(SimulationError, match=r"time is 0\.5, not a whole number of cycles"):
        env.run()
