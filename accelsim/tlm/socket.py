"""Sockets: where modules meet. An initiator's socket is bound to a target's, once, and calls its transport.

Transport is blocking: `yield from socket.b_transport(transaction)` inside a process comes back when the target is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm.cycles import now_cycle
from accelsim.tlm.module import Module
from accelsim.tlm.transaction import UNSTAMPED, Status, Transaction

#: A generator function that serves one payload, of the type that its socket names.
Transport = Callable[[Any], ProcessGenerator]


class Socket:
    """What both ends share: an owner, a name that is unique in it, and the type of payload that passes."""

    role = "socket"

    def __init__(self, module: Module, name: str, payload_type: type[Transaction]) -> None:
        self.module = module
        self.name = name
        self.path = f"{module.path}.{name}"
        self.payload_type = payload_type
        #: The socket at the other end; None until bound.
        self.peer: Socket | None = None
        module.attach(self)

    def __str__(self) -> str:
        return f"{self.path} ({self.role} of {self.payload_type.__name__})"


class TargetSocket(Socket):
    """The end that serves: `transport(payload)` is a generator that returns when the payload has been served.

    Takes payloads of `payload_type` and of the types derived from it.
    """

    role = "target"

    def __init__(
        self, module: Module, name: str, transport: Transport, payload_type: type[Transaction] = Transaction
    ) -> None:
        super().__init__(module, name, payload_type)
        self.transport = transport


class InitiatorSocket(Socket):
    """The end that asks. It sends payloads of `payload_type`."""

    role = "initiator"

    def __init__(self, module: Module, name: str, payload_type: type[Transaction] = Transaction) -> None:
        super().__init__(module, name, payload_type)
        self._transport: Transport = self._refuse

    def bind(self, target: TargetSocket) -> None:
        """Connect to `target`, for good.

        Raises SimulationError, naming both ends, both payload types and the sockets that would fit, when either end
        is bound already, when the target does not take this socket's payload, or when it is no target.
        """
        problem = self._misfit(target)
        if problem:
            raise SimulationError(f"cannot bind {self} to {target}: {problem}; {self._fitting()}")
        self.peer, target.peer = target, self
        self._transport = target.transport

    def b_transport(self, transaction: Transaction) -> ProcessGenerator:
        """Generator that returns when the target has served `transaction`: `yield from socket.b_transport(t)`.

        The first socket on the way stamps issue, completion and status; for a transaction that is only passed on the
        target's own generator is returned, so that a hop costs nothing.
        """
        if transaction.issue_cycle == UNSTAMPED:
            return self._issue(transaction)
        if transaction.complete_cycle != UNSTAMPED:
            raise SimulationError(f"{self.path}: {transaction} is sent again after it has completed")
        return self._transport(transaction)

    def _issue(self, transaction: Transaction) -> ProcessGenerator:
        env = self.module.env
        transaction.issue_cycle = now_cycle(env)
        yield from self._transport(transaction)
        transaction.complete_cycle = now_cycle(env)
        if transaction.status is Status.INCOMPLETE:
            transaction.status = Status.OK

    def _misfit(self, target: Socket) -> str:
        """Why `target` cannot be the other end, or an empty string when it can."""
        if not isinstance(target, TargetSocket):
            return "an initiator binds to a target"
        for end in (self, target):
            if end.peer is not None:
                return f"{end.path} is bound to {end.peer.path} already, and a socket is bound once"
        if self.module.env is not target.module.env:
            return "they live in different environments"
        if not issubclass(self.payload_type, target.payload_type):
            return f"{target.path} takes no {self.payload_type.__name__}"
        return ""

    def _fitting(self) -> str:
        if self.peer is not None:
            return f"nothing else fits {self.path}"
        candidates = [socket for module in self.module.root.walk() for socket in module.sockets]
        fitting = [str(socket) for socket in candidates if not self._misfit(socket)]
        return f"free sockets that fit {self.path}: {', '.join(fitting) or 'none'}"

    def _refuse(self, transaction: Transaction) -> ProcessGenerator:
        raise SimulationError(f"{self.path}: {transaction} is sent through a socket that is not bound")
