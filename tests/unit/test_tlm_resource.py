"""The arbitrated resource: whole timed logs of contention, by policy."""

from collections.abc import Iterator

import pytest
from simpy import Environment, Event

from accelsim.errors import SimulationError
from accelsim.tlm import Arbiter, ArbitratedResource, FixedPriority, OldestFirst, RoundRobin, Weighted

Log = list[tuple[float, int, str]]


def contend(arbiter: Arbiter, arrivals: list[tuple[int, int]], cycles: int = 4, size_bytes: int = 1) -> Log:
    """Each (cycle, requester) asks for the resource once and holds it for `cycles`."""
    env = Environment()
    bus = ArbitratedResource(env, arbiter, "system.bus")
    log: Log = []

    def ask(cycle: int, requester: int) -> Iterator[Event]:
        yield env.timeout(cycle)
        yield bus.request(requester, size_bytes)
        log.append((env.now, requester, "holds"))
        assert bus.held == 1
        yield env.timeout(cycles)
        bus.release()
        log.append((env.now, requester, "gives back"))

    for cycle, requester in arrivals:
        env.process(ask(cycle, requester))
    env.run()
    assert bus.held == 0
    return log


def schedule(order: list[int], cycles: int = 4) -> Log:
    """The log when `order` is served back to back from cycle 0."""
    return [
        entry
        for i, requester in enumerate(order)
        for entry in ((i * cycles, requester, "holds"), ((i + 1) * cycles, requester, "gives back"))
    ]


def test_requests_of_one_cycle_meet_whatever_the_order_of_the_processes() -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        assert contend(FixedPriority([1, 0, 2]), [(0, requester) for requester in order]) == schedule([1, 0, 2])


def test_a_request_in_the_cycle_of_a_release_is_in_time() -> None:
    """1 and 2 wait since cycles 1 and 2; 0, the most important, comes at 4, when the first holder gives back."""
    arrivals = [(0, 2), (1, 1), (2, 2), (4, 0)]
    assert contend(FixedPriority([0, 1, 2]), arrivals) == schedule([2, 0, 1, 2])
    assert contend(OldestFirst(), arrivals) == schedule([2, 1, 2, 0])
    assert contend(RoundRobin(3), arrivals) == schedule([2, 0, 1, 2])


def test_weighted_takes_the_size_of_the_request() -> None:
    """Weights 3 and 1, four requests of 6 bytes from each: clocks in bytes / weight 0 0 | 2 0 | 2 6 | 4 6 | 6 6."""
    arrivals = [(0, requester) for requester in (0, 0, 0, 0, 1, 1, 1, 1)]
    served = [requester for _, requester, what in contend(Weighted([3, 1]), arrivals, size_bytes=6) if what == "holds"]
    assert served == [0, 1, 0, 0, 0, 1, 1, 1]


def test_an_idle_resource_is_held_in_the_cycle_of_asking() -> None:
    assert contend(RoundRobin(1), [(7, 0)]) == [(7, 0, "holds"), (11, 0, "gives back")]


def test_use_waits_holds_and_gives_back() -> None:
    env = Environment()
    bus = ArbitratedResource(env, RoundRobin(2))
    done: list[tuple[float, int]] = []

    def user(requester: int, cycles: int) -> Iterator[Event]:
        yield from bus.use(requester, 1, cycles)
        done.append((env.now, requester))

    env.process(user(0, 5))
    env.process(user(1, 3))
    env.run()
    assert done == [(5, 0), (5 + 3, 1)]


def test_giving_back_what_nobody_holds_is_an_error() -> None:
    with pytest.raises(SimulationError, match=r"system\.bus: given back, but nobody holds it"):
        ArbitratedResource(Environment(), RoundRobin(1), "system.bus").release()


def test_as_many_hold_it_as_there_are_slots() -> None:
    """Two slots, three requests of 4 cycles in cycle 0: the third waits for the first slot given back."""
    env = Environment()
    queue = ArbitratedResource(env, FixedPriority([2, 1, 0]), "system.queue", slots=2)
    log: list[tuple[float, int]] = []

    def ask(requester: int) -> Iterator[Event]:
        yield from queue.use(requester, 1, 4)
        log.append((env.now, requester))

    for requester in range(3):
        env.process(ask(requester))
    env.run()
    assert log == [(4, 2), (4, 1), (8, 0)]


def test_no_slots_are_an_error() -> None:
    with pytest.raises(SimulationError, match=r"system\.queue: nobody can hold a resource of 0 slots"):
        ArbitratedResource(Environment(), RoundRobin(1), "system.queue", slots=0)
