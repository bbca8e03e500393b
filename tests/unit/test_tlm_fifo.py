"""The bounded channel: back-pressure, order, and a deque as its model."""

from collections import deque
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment, Event

from accelsim.errors import SimulationError
from accelsim.tlm import Fifo

Log = list[tuple[float, str]]


def test_producer_waits_for_room() -> None:
    """Capacity 2, an item leaves every 10 cycles: puts 0 and 1 are in at once, the others as room appears."""
    env = Environment()
    fifo: Fifo[int] = Fifo(env, 2)
    log: Log = []

    def produce() -> Iterator[Event]:
        for item in range(4):
            yield fifo.put(item)
            log.append((env.now, f"put {item}"))

    def consume() -> Iterator[Event]:
        for _ in range(4):
            yield env.timeout(10)
            item = yield fifo.get()
            log.append((env.now, f"got {item}"))

    env.process(produce())
    env.process(consume())
    env.run()
    assert log == [
        (0, "put 0"),
        (0, "put 1"),
        (10, "got 0"),
        (10, "put 2"),
        (20, "got 1"),
        (20, "put 3"),
        (30, "got 2"),
        (40, "got 3"),
    ]
    assert (fifo.high_water, fifo.level) == (2, 0)


def test_consumers_wait_and_are_served_in_the_order_of_asking() -> None:
    env = Environment()
    fifo: Fifo[str] = Fifo(env, 1)
    log: Log = []

    def consume(name: str) -> Iterator[Event]:
        item = yield fifo.get()
        log.append((env.now, f"{name} got {item}"))

    def produce() -> Iterator[Event]:
        for item in "xyz":
            yield env.timeout(3)
            yield fifo.put(item)

    for name in ("first", "second", "third"):
        env.process(consume(name))
    env.process(produce())
    env.run()
    assert log == [(3, "first got x"), (6, "second got y"), (9, "third got z")]
    assert fifo.high_water == 0


def test_producers_are_served_in_the_order_of_asking() -> None:
    env = Environment()
    fifo: Fifo[str] = Fifo(env, 1)
    for item in "abc":
        fifo.put(item)
    assert [fifo.get().value for _ in "abc"] == ["a", "b", "c"]


def test_try_put_takes_room_only() -> None:
    env = Environment()
    fifo: Fifo[int] = Fifo(env, 1)
    assert fifo.try_put(0)
    assert not fifo.try_put(1)
    assert fifo.get().value == 0
    waiting = fifo.get()
    assert fifo.try_put(2)
    assert waiting.value == 2


def test_a_fifo_holds_something() -> None:
    with pytest.raises(SimulationError, match=r"dma\.queue: a fifo holds at least 1 item, not 0"):
        Fifo(Environment(), 0, "dma.queue")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(capacity=st.integers(1, 4), operations=st.lists(st.booleans(), max_size=40))
def test_behaves_as_a_bounded_deque_with_two_queues(capacity: int, operations: list[bool]) -> None:
    """True puts the next number, False gets one. The model: numbers arrive in order whatever the interleaving."""
    fifo: Fifo[int] = Fifo(Environment(), capacity)
    puts: list[Event] = []
    gets: list[Event] = []
    for is_put in operations:
        if is_put:
            puts.append(fifo.put(len(puts)))
        else:
            gets.append(fifo.get())
        entered = min(len(puts), len(gets) + capacity)
        left = min(len(puts), len(gets))
        assert [event.triggered for event in puts] == [i < entered for i in range(len(puts))]
        assert deque(event.value for event in gets[:left]) == deque(range(left))
        assert not any(event.triggered for event in gets[left:])
        assert fifo.level == entered - left
        assert 0 <= fifo.level <= fifo.high_water <= capacity
