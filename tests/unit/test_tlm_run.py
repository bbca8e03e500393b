"""Running until idle, and the report of a deadlock."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from simpy import Environment, Event
from simpy.events import ProcessGenerator

from accelsim.errors import SimulationError
from accelsim.tlm import ArbitratedResource, CreditPool, Fifo, Module, NamedEvent, RoundRobin, run_until_idle


class Worker(Module):
    """Runs the given work, and the given service as a daemon."""

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module | None = None,
        work: Callable[[], ProcessGenerator] | None = None,
        service: Callable[[], ProcessGenerator] | None = None,
    ) -> None:
        super().__init__(env, name, parent)
        self._work, self._service = work, service

    def processes(self) -> Iterable[ProcessGenerator]:
        return [self._work()] if self._work else []

    def daemons(self) -> Iterable[ProcessGenerator]:
        return [self._service()] if self._service else []


def test_returns_the_last_cycle_and_lets_daemons_wait() -> None:
    env = Environment()
    fifo: Fifo[int] = Fifo(env, 1)

    def produce() -> Iterator[Event]:
        for item in range(3):
            yield env.timeout(4)
            yield fifo.put(item)

    def consume() -> Iterator[Event]:
        while True:
            yield fifo.get()

    root = Worker(env, "root", work=produce, service=consume)
    root.start()
    assert run_until_idle(env, root) == 3 * 4


def test_wants_a_started_tree() -> None:
    env = Environment()
    with pytest.raises(SimulationError, match=r"root: start\(\) it"):
        run_until_idle(env, Module(env, "root"))


def test_a_deadlock_names_who_waits_for_what() -> None:
    """Two workers take two pools in opposite order; the daemon that one of them also needs is idle."""
    env = Environment()
    pools = [CreditPool(env, 8, f"system.pool{i}") for i in range(2)]
    fifo: Fifo[int] = Fifo(env, 1, "system.queue")

    def take(first: CreditPool, second: CreditPool) -> ProcessGenerator:
        yield first.reserve(6)
        yield env.timeout(5)
        yield second.reserve(4)

    def serve() -> ProcessGenerator:
        yield fifo.get()

    root = Module(env, "system")
    Worker(env, "a", root, work=lambda: take(*pools))
    Worker(env, "b", root, work=lambda: take(*reversed(pools)), service=serve)
    root.start()
    with pytest.raises(SimulationError) as caught:
        run_until_idle(env, root)
    assert str(caught.value) == (
        "deadlock at cycle 5: nothing is left to happen, but 2 processes have not finished\n"
        "  system.a.take waits for 4 units of system.pool1 (2 of 8 free, 1 waiting)\n"
        "  system.b.take waits for 4 units of system.pool0 (2 of 8 free, 1 waiting)\n"
        "  system.b.serve (daemon) waits for an item in system.queue (empty)"
    )


def blocked_on(wait: Callable[[Environment], Event]) -> str:
    """What the report says a process waits for."""
    env = Environment()

    def work() -> ProcessGenerator:
        yield wait(env)

    root = Worker(env, "root", work=work)
    root.start()
    with pytest.raises(SimulationError) as caught:
        run_until_idle(env, root)
    header, line = str(caught.value).split("\n")
    assert header == "deadlock at cycle 0: nothing is left to happen, but 1 process has not finished"
    return line.removeprefix("  root.work waits for ")


def full_fifo(env: Environment) -> Event:
    fifo: Fifo[int] = Fifo(env, 1, "queue")
    fifo.put(0)
    return fifo.put(1)


def held_resource(env: Environment) -> Event:
    bus = ArbitratedResource(env, RoundRobin(2), "bus")
    bus.request(0)
    return bus.request(1)


def sub_process(env: Environment) -> Event:
    def child() -> ProcessGenerator:
        yield NamedEvent(env, "weights of tile 3")

    return env.process(child())


def circle(env: Environment) -> Event:
    partners: list[Event] = []

    def partner(other: int) -> ProcessGenerator:
        yield partners[other]

    partners.extend([env.process(partner(1)), env.process(partner(0))])
    return partners[0]


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (full_fifo, "room in queue (1 of 1 items)"),
        (held_resource, "bus (1 of 1 held), as requester 1"),
        (sub_process, "process child, which waits for weights of tile 3"),
        (lambda env: env.event() | NamedEvent(env, "a"), "any of [an unnamed Event; a]"),
        (lambda env: NamedEvent(env, "a") & NamedEvent(env, "b") & env.timeout(0), "all of [all of [a; b]]"),
        (circle, "process partner, which waits for process partner, which waits for itself, in a circle"),
    ],
)
def test_every_kind_of_wait_has_words(wait: Callable[[Environment], Event], words: str) -> None:
    assert blocked_on(wait) == words


def test_an_error_of_a_process_comes_out_as_it_is() -> None:
    env = Environment()

    def work() -> ProcessGenerator:
        yield env.timeout(1)
        raise SimulationError("root: broken")

    root = Worker(env, "root", work=work)
    root.start()
    with pytest.raises(SimulationError, match=r"^root: broken$"):
        run_until_idle(env, root)
