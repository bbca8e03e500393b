"""A protocol monitor that sits between an initiator and a target and checks every transaction that passes."""

from __future__ import annotations

from dataclasses import dataclass

from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm.cycles import now_cycle
from accelsim.tlm.module import Module
from accelsim.tlm.socket import InitiatorSocket, TargetSocket
from accelsim.tlm.transaction import UNSTAMPED, Command, Status, Transaction


@dataclass(frozen=True)
class Rules:
    """What a monitor holds transactions to, beside the protocol itself.

    max_outstanding: most transactions under way at one time; None for any number.
    addresses:       addresses that may be touched; None for all.
    is_functional:   whether data has to be there: with a write when it begins, with a read when it ends.
    """

    max_outstanding: int | None = None
    addresses: range | None = None
    is_functional: bool = False


class Monitor(Module):
    """Passes every transaction on, at no cost in time, and raises SimulationError at the first broken rule.

    Checked: the payload has the type of the socket; a transaction begins once and ends once, is not complete before
    its target is done and ends no earlier than it was issued; time is a whole number of cycles; data is as long as
    the transaction says; and the `Rules`. It stands for nothing in silicon: only a test or a debugging run inserts it.
    """

    def __init__(self, initiator: InitiatorSocket, target: TargetSocket, rules: Rules | None = None) -> None:
        """Bind `initiator` to the monitor and the monitor to `target`, in place of `initiator.bind(target)`."""
        super().__init__(initiator.module.env, f"{initiator.name}_monitor", initiator.module)
        self.rules = rules or Rules()
        self._under_way: dict[int, Transaction] = {}
        self._payload_type = initiator.payload_type
        self._inbound = TargetSocket(self, "inbound", self._watch, initiator.payload_type)
        self._outbound = InitiatorSocket(self, "outbound", initiator.payload_type)
        initiator.bind(self._inbound)
        self._outbound.bind(target)
        self.statistics.gauge("outstanding", lambda: self.outstanding)
        self._passed = self.statistics.counter("passed")

    @property
    def outstanding(self) -> int:
        """Transactions that have begun and not ended."""
        return len(self._under_way)

    def check_idle(self) -> None:
        """To be called after a run: raises SimulationError when a transaction has begun and never ended."""
        for transaction in self._under_way.values():
            self._fail(transaction, f"never ended, having begun at cycle {transaction.issue_cycle}")

    def _watch(self, transaction: Transaction) -> ProcessGenerator:
        self._begin(transaction)
        yield from self._outbound.b_transport(transaction)
        self._end(transaction)

    def _begin(self, transaction: Transaction) -> None:
        rules, limit = self.rules, self.rules.max_outstanding
        if not isinstance(transaction, self._payload_type):
            self._fail(transaction, f"is a {type(transaction).__name__}, not a {self._payload_type.__name__}")
        if id(transaction) in self._under_way:
            self._fail(transaction, "begins again before it has ended")
        if limit is not None and self.outstanding >= limit:
            self._fail(transaction, f"begins while {self.outstanding} are outstanding, at most {limit} may be")
        if rules.addresses is not None and not _covers(rules.addresses, transaction):
            self._fail(transaction, f"is outside [{rules.addresses.start:#x}, {rules.addresses.stop:#x})")
        if transaction.command is Command.WRITE:
            self._check_data(transaction)
        self._under_way[id(transaction)] = transaction

    def _end(self, transaction: Transaction) -> None:
        if transaction.complete_cycle != UNSTAMPED:
            self._fail(transaction, f"was marked complete, at cycle {transaction.complete_cycle}, by its target")
        if now_cycle(self.env) < transaction.issue_cycle:
            self._fail(transaction, f"ends before it was issued, at cycle {transaction.issue_cycle}")
        if transaction.command is Command.READ and transaction.status in (Status.INCOMPLETE, Status.OK):
            self._check_data(transaction)
        del self._under_way[id(transaction)]
        self._passed.value += 1

    def _check_data(self, transaction: Transaction) -> None:
        if transaction.data is None:
            if self.rules.is_functional:
                self._fail(transaction, "carries no data")
        elif len(transaction.data) != transaction.size_bytes:
            self._fail(transaction, f"carries {len(transaction.data)} bytes of data")

    def _fail(self, transaction: Transaction, problem: str) -> None:
        raise SimulationError(f"{self.path} at cycle {now_cycle(self.env)}: {transaction} {problem}")


def _covers(addresses: range, transaction: Transaction) -> bool:
    end = transaction.address + transaction.size_bytes
    return addresses.start <= transaction.address and end <= addresses.stop
