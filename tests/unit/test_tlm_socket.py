"""Sockets: binding, its error messages, and blocking transport over one and several hops."""

from dataclasses import dataclass

import pytest
from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm import Command, InitiatorSocket, Module, Status, TargetSocket, TrafficPlayer, Transaction


@dataclass(slots=True, eq=False)
class CodedTransaction(Transaction):
    """Carries codes of a number of bits."""

    code_bits: int = 4


class Target(Module):
    """Serves any number of transactions at once, each in `size_bytes` cycles."""

    def __init__(self, env: Environment, name: str, parent: Module, takes: type[Transaction] = Transaction) -> None:
        super().__init__(env, name, parent)
        self.log: list[tuple[float, str]] = []
        self.socket = TargetSocket(self, "port", self.transport, takes)

    def transport(self, transaction: Transaction) -> ProcessGenerator:
        self.log.append((self.env.now, f"begin {transaction.address}"))
        yield self.env.timeout(transaction.size_bytes)
        self.log.append((self.env.now, f"end {transaction.address}"))


class Bridge(Module):
    """Passes transactions on, `latency` cycles later."""

    def __init__(self, env: Environment, name: str, parent: Module, latency: int) -> None:
        super().__init__(env, name, parent)
        self.latency = latency
        self.inbound = TargetSocket(self, "inbound", self.transport)
        self.outbound = InitiatorSocket(self, "outbound")

    def transport(self, transaction: Transaction) -> ProcessGenerator:
        yield self.env.timeout(self.latency)
        yield from self.outbound.b_transport(transaction)
        yield self.env.timeout(self.latency)


def read(address: int, size: int) -> Transaction:
    return Transaction(Command.READ, address, size, "player")


def test_transport_blocks_until_the_target_is_done_and_stamps() -> None:
    env = Environment()
    root = Module(env, "root")
    reads = [read(0, 4), read(1, 2), read(2, 6)]
    player = TrafficPlayer(env, "player", root, transactions=reads)
    target = Target(env, "target", root)
    player.socket.bind(target.socket)
    root.start()
    env.run()
    assert target.log == [(0, "begin 0"), (4, "end 0"), (4, "begin 1"), (6, "end 1"), (6, "begin 2"), (12, "end 2")]
    assert [(each.issue_cycle, each.complete_cycle, each.status) for each in reads] == [
        (0, 4, Status.OK),
        (4, 6, Status.OK),
        (6, 12, Status.OK),
    ]


def test_max_outstanding_transactions_overlap() -> None:
    env = Environment()
    root = Module(env, "root")
    reads = [read(0, 4), read(1, 2), read(2, 6)]
    player = TrafficPlayer(env, "player", root, transactions=reads, max_outstanding=2)
    target = Target(env, "target", root)
    player.socket.bind(target.socket)
    root.start()
    env.run()
    assert target.log == [(0, "begin 0"), (0, "begin 1"), (2, "end 1"), (2, "begin 2"), (4, "end 0"), (8, "end 2")]


def test_hops_add_their_latency_and_stamp_only_at_the_first_socket() -> None:
    env = Environment()
    root = Module(env, "root")
    transaction = read(0, 5)
    player = TrafficPlayer(env, "player", root, transactions=[transaction])
    bridges = [Bridge(env, f"bridge{i}", root, latency) for i, latency in enumerate((1, 10))]
    target = Target(env, "target", root)
    player.socket.bind(bridges[0].inbound)
    bridges[0].outbound.bind(bridges[1].inbound)
    bridges[1].outbound.bind(target.socket)
    root.start()
    env.run()
    assert target.log == [(1 + 10, "begin 0"), (1 + 10 + 5, "end 0")]
    assert (transaction.issue_cycle, transaction.complete_cycle) == (0, 2 * 1 + 2 * 10 + 5)


def test_a_passed_on_transaction_gets_the_generator_of_the_target_itself() -> None:
    env = Environment()
    root = Module(env, "root")
    socket, target = InitiatorSocket(root, "socket"), Target(env, "target", root)
    socket.bind(target.socket)
    transaction = read(0, 5)
    transaction.issue_cycle = 0
    assert socket.b_transport(transaction).gi_code is Target.transport.__code__  # type: ignore[attr-defined]


def test_an_error_status_set_by_the_target_stays() -> None:
    env = Environment()
    root = Module(env, "root")

    def refuse(transaction: Transaction) -> ProcessGenerator:
        yield env.timeout(1)
        transaction.status = Status.ADDRESS_ERROR

    transaction = read(0, 4)
    player = TrafficPlayer(env, "player", root, transactions=[transaction])
    player.socket.bind(TargetSocket(root, "target", refuse))
    root.start()
    env.run()
    assert transaction.status is Status.ADDRESS_ERROR


def test_a_completed_transaction_is_not_sent_again() -> None:
    env = Environment()
    root = Module(env, "root")
    transaction = read(0, 4)
    player = TrafficPlayer(env, "player", root, transactions=[transaction, transaction])
    player.socket.bind(Target(env, "target", root).socket)
    root.start()
    with pytest.raises(SimulationError, match=r"root\.player\.socket: .* is sent again after it has completed"):
        env.run()


def test_an_unbound_socket_refuses_to_send() -> None:
    env = Environment()
    socket = InitiatorSocket(Module(env, "root"), "socket")
    with pytest.raises(SimulationError, match=r"root\.socket: .* through a socket that is not bound"):
        next(socket.b_transport(read(0, 4)))


def test_a_derived_payload_fits_a_target_of_its_base_but_not_the_reverse() -> None:
    env = Environment()
    root = Module(env, "root")
    coded, plain = InitiatorSocket(root, "coded", CodedTransaction), InitiatorSocket(root, "plain")
    wide, narrow = Target(env, "wide", root), Target(env, "narrow", root, CodedTransaction)
    with pytest.raises(SimulationError) as caught:
        plain.bind(narrow.socket)
    assert str(caught.value) == (
        "cannot bind root.plain (initiator of Transaction) to root.narrow.port (target of CodedTransaction): "
        "root.narrow.port takes no Transaction; "
        "free sockets that fit root.plain: root.wide.port (target of Transaction)"
    )
    coded.bind(wide.socket)
    assert coded.peer is wide.socket
    assert wide.socket.peer is coded
    with pytest.raises(SimulationError, match=r"free sockets that fit root\.plain: none"):
        plain.bind(narrow.socket)


def test_each_end_is_bound_once() -> None:
    env = Environment()
    root = Module(env, "root")
    first, second = InitiatorSocket(root, "first"), InitiatorSocket(root, "second")
    target, other = Target(env, "target", root), Target(env, "other", root)
    first.bind(target.socket)
    with pytest.raises(SimulationError, match=r"root\.target\.port is bound to root\.first already.*root\.other\.port"):
        second.bind(target.socket)
    with pytest.raises(SimulationError, match=r"root\.first is bound to root\.target\.port already"):
        first.bind(other.socket)
    assert first.peer is target.socket


def test_only_an_initiator_and_a_target_of_one_environment_bind() -> None:
    root, elsewhere = Module(Environment(), "root"), Module(Environment(), "elsewhere")
    first, second = InitiatorSocket(root, "first"), InitiatorSocket(root, "second")
    with pytest.raises(SimulationError, match="an initiator binds to a target"):
        first.bind(second)  # type: ignore[arg-type]
    with pytest.raises(SimulationError, match="different environments"):
        first.bind(Target(elsewhere.env, "target", elsewhere).socket)
