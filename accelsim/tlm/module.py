"""Modules: the named blocks that a model is made of, in a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from simpy import Environment, Process
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm.statistics import Statistics

if TYPE_CHECKING:
    from accelsim.tlm.socket import Socket


class RunningProcess(NamedTuple):
    """A process that `start` registered; `path` is the module's path and the name of the generator function."""

    path: str
    process: Process
    is_daemon: bool


class Module:
    """A block with a name, a place in the tree, sockets, processes and statistics.

    Construct, bind, start: a constructor leaves the module valid, with its children and sockets; `bind` connects the
    sockets; `start`, called once on the root, registers the processes of the whole tree.

    env:    SimPy environment, the same in the whole tree; its time counts cycles.
    name:   unique among the children and sockets of `parent`, without dots.
    parent: module that this one is part of, or None for a root.
    """

    def __init__(self, env: Environment, name: str, parent: Module | None = None) -> None:
        self.env = env
        self.name = name
        self.parent = parent
        self.path: str = name if parent is None else f"{parent.path}.{name}"
        self.statistics = Statistics(self.path)
        #: What `start` registered for this module; None before that.
        self.running: tuple[RunningProcess, ...] | None = None
        self._children: dict[str, Module] = {}
        self._sockets: dict[str, Socket] = {}
        if not name or "." in name:
            raise SimulationError(f"{self.path}: {name!r} is no name for a module (a word without dots)")
        if parent is not None:
            if parent.env is not env:
                raise SimulationError(f"{self.path}: not in the environment of its parent {parent.path}")
            parent._claim(name)
            parent._children[name] = self

    @property
    def children(self) -> tuple[Module, ...]:
        """Modules directly below this one, in the order of their construction."""
        return tuple(self._children.values())

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """Sockets of this module, in the order of their construction."""
        return tuple(self._sockets.values())

    @property
    def root(self) -> Module:
        """The module at the top of the tree."""
        return self if self.parent is None else self.parent.root

    def walk(self) -> Iterator[Module]:
        """This module and all below it, parents before their children."""
        yield self
        for child in self._children.values():
            yield from child.walk()

    def processes(self) -> Iterable[ProcessGenerator]:
        """Generators of the work that this module has to finish; a run is not over before they are. Override."""
        return ()

    def daemons(self) -> Iterable[ProcessGenerator]:
        """Generators that serve others for ever and need not finish. Override."""
        return ()

    def attach(self, socket: Socket) -> None:
        """Enter a socket of this module (called by the socket's constructor)."""
        self._claim(socket.name)
        self._sockets[socket.name] = socket

    def start(self) -> None:
        """Register the processes of this module and all below it, parents first.

        Raises SimulationError, before anything is registered, when a socket is unbound or a module already started.
        """
        modules = list(self.walk())
        unbound = [socket for module in modules for socket in module.sockets if socket.peer is None]
        if unbound:
            raise SimulationError(f"{self.path} cannot start, unbound: {', '.join(map(str, unbound))}")
        started = [module.path for module in modules if module.running is not None]
        if started:
            raise SimulationError(f"{self.path} cannot start, already started: {', '.join(started)}")
        for module in modules:
            module.running = (
                *(module._register(generator, is_daemon=False) for generator in module.processes()),
                *(module._register(generator, is_daemon=True) for generator in module.daemons()),
            )

    def _register(self, generator: ProcessGenerator, is_daemon: bool) -> RunningProcess:
        process = self.env.process(generator)
        return RunningProcess(f"{self.path}.{process.name}", process, is_daemon)

    def _claim(self, name: str) -> None:
        if self.running is not None:
            raise SimulationError(f"{self.path}: {name!r} comes too late, the module has started")
        if name in self._children or name in self._sockets:
            raise SimulationError(f"{self.path}: there is a {name!r} already")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"
