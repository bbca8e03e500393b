"""Modules: names and paths, the tree, and construct - bind - start."""

from collections.abc import Iterable, Iterator

import pytest
from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm import InitiatorSocket, Module, SimpleMemory, TargetSocket
from accelsim.tlm.arbiter import OldestFirst


class Ticker(Module):
    """Logs (cycle, path, what) from one process and one daemon."""

    def __init__(self, env: Environment, name: str, parent: Module | None, log: list[tuple[float, str, str]]) -> None:
        super().__init__(env, name, parent)
        self.log = log

    def processes(self) -> Iterable[ProcessGenerator]:
        yield self.tick("work", 2)

    def daemons(self) -> Iterable[ProcessGenerator]:
        yield self.tick("daemon", 3)

    def tick(self, what: str, times: int) -> Iterator:
        for _ in range(times):
            self.log.append((self.env.now, self.path, what))
            yield self.env.timeout(5)


def test_paths_mirror_the_tree() -> None:
    env = Environment()
    root = Module(env, "accelerator")
    dram = Module(env, "dram", root)
    channels = [Module(env, f"channel{i}", dram) for i in range(2)]
    assert channels[0].path == "accelerator.dram.channel0"
    assert root.children == (dram,)
    assert dram.children == tuple(channels)
    assert [module.path for module in root.walk()] == [
        "accelerator",
        "accelerator.dram",
        "accelerator.dram.channel0",
        "accelerator.dram.channel1",
    ]
    assert channels[1].root is root
    assert channels[1].parent is dram


@pytest.mark.parametrize("name", ["", "a.b"])
def test_a_name_is_a_word_without_dots(name: str) -> None:
    with pytest.raises(SimulationError, match="no name for a module"):
        Module(Environment(), name)


def test_duplicate_names_are_refused_among_children_and_sockets() -> None:
    env = Environment()
    root = Module(env, "root")
    Module(env, "dram", root)
    InitiatorSocket(root, "port")
    with pytest.raises(SimulationError, match="root: there is a 'dram' already"):
        Module(env, "dram", root)
    with pytest.raises(SimulationError, match="root: there is a 'dram' already"):
        InitiatorSocket(root, "dram")
    with pytest.raises(SimulationError, match="root: there is a 'port' already"):
        Module(env, "port", root)
    assert [child.name for child in root.children] == ["dram"]


def test_a_child_lives_in_the_environment_of_its_parent() -> None:
    root = Module(Environment(), "root")
    with pytest.raises(SimulationError, match=r"root\.child: not in the environment of its parent root"):
        Module(Environment(), "child", root)
    assert root.children == ()


def test_start_registers_the_whole_subtree_once_parents_first() -> None:
    env = Environment()
    log: list[tuple[float, str, str]] = []
    root = Ticker(env, "root", None, log)
    Ticker(env, "first", root, log)
    Ticker(env, "second", root, log)
    root.start()
    env.run()
    paths = ("root", "root.first", "root.second")
    both = [(path, what) for path in paths for what in ("work", "daemon")]
    assert log == [
        *((0, path, what) for path, what in both),
        *((5, path, what) for path, what in both),
        *((10, path, "daemon") for path in paths),
    ]
    assert [entry.path for module in root.walk() for entry in module.running or ()] == [
        f"{path}.tick" for path in paths for _ in range(2)
    ]
    with pytest.raises(SimulationError, match=r"already started: root, root\.first, root\.second"):
        root.start()


def test_nothing_is_added_after_start() -> None:
    env = Environment()
    root = Module(env, "root")
    root.start()
    with pytest.raises(SimulationError, match="'late' comes too late"):
        Module(env, "late", root)
    with pytest.raises(SimulationError, match="'port' comes too late"):
        InitiatorSocket(root, "port")


def test_start_names_unbound_sockets_and_registers_nothing() -> None:
    env = Environment()
    log: list[tuple[float, str, str]] = []
    root = Ticker(env, "root", None, log)
    memory = SimpleMemory(env, "memory", root, arbiter=OldestFirst(), ports=2)
    socket = InitiatorSocket(root, "port")
    with pytest.raises(SimulationError) as caught:
        root.start()
    assert str(caught.value) == (
        "root cannot start, unbound: root.port (initiator of Transaction), "
        "root.memory.port0 (target of Transaction), root.memory.port1 (target of Transaction)"
    )
    env.run()
    assert log == []
    socket.bind(memory.ports[0])
    InitiatorSocket(root, "other").bind(memory.ports[1])
    root.start()
    env.run()
    assert log[0] == (0, "root", "work")
    assert all(isinstance(socket, TargetSocket) for socket in memory.sockets)
    assert repr(memory) == "<SimpleMemory root.memory>"
