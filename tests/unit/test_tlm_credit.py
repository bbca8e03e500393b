"""Credit pools: order of grants, bounds, and errors that name the pool."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment, Event

from accelsim.errors import SimulationError
from accelsim.tlm import CreditPool


def test_reservations_wait_in_order_and_a_small_one_does_not_overtake() -> None:
    """Capacity 10: a holds 6 for 10 cycles, b wants 8, c wants 2. c fits beside a, but waits behind b."""
    env = Environment()
    pool = CreditPool(env, 10)
    log: list[tuple[float, str, int]] = []

    def hold(name: str, amount: int, cycles: int) -> Iterator[Event]:
        yield pool.reserve(amount)
        log.append((env.now, f"{name} holds {amount}", pool.level))
        yield env.timeout(cycles)
        pool.release(amount)
        log.append((env.now, f"{name} gave back", pool.level))

    env.process(hold("a", 6, 10))
    env.process(hold("b", 8, 5))
    env.process(hold("c", 2, 20))
    env.process(hold("d", 5, 1))
    env.run()
    # The level a process sees after it gave back includes what the pool has granted to the next at that moment.
    assert log == [
        (0, "a holds 6", 6),
        (10, "a gave back", 8 + 2),
        (10, "b holds 8", 10),
        (10, "c holds 2", 10),
        (15, "b gave back", 2 + 5),
        (15, "d holds 5", 7),
        (16, "d gave back", 2),
        (30, "c gave back", 0),
    ]
    assert (pool.level, pool.high_water, pool.free, pool.waiting) == (0, 10, 10, 0)


def test_errors_name_the_pool_and_both_numbers() -> None:
    pool = CreditPool(Environment(), 100, "accelerator.weight_buffer")
    with pytest.raises(SimulationError, match=r"accelerator\.weight_buffer: 101 units asked for.* capacity is 100"):
        pool.reserve(101)
    with pytest.raises(SimulationError, match="-1 units asked for"):
        pool.try_reserve(-1)
    pool.reserve(30)
    with pytest.raises(SimulationError, match=r"accelerator\.weight_buffer: 31 units given back, but 30 are taken"):
        pool.release(31)
    with pytest.raises(SimulationError, match="-1 units given back"):
        pool.release(-1)
    assert pool.level == 30
    with pytest.raises(SimulationError, match="a capacity is not negative, found -1"):
        CreditPool(Environment(), -1)


def test_try_reserve_takes_what_is_free_but_never_overtakes() -> None:
    pool = CreditPool(Environment(), 10)
    assert pool.try_reserve(6)
    assert not pool.try_reserve(5)
    waiting = pool.reserve(8)
    assert not pool.try_reserve(1)
    pool.release(6)
    assert waiting.triggered
    assert pool.try_reserve(2)


def test_a_pool_of_the_exact_size_and_reservations_of_nothing() -> None:
    pool = CreditPool(Environment(), 4)
    assert pool.reserve(4).triggered
    assert pool.reserve(0).triggered
    assert pool.free == 0


AMOUNTS = st.integers(0, 12)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(amounts=st.lists(st.one_of(AMOUNTS, st.none()), max_size=40))
def test_level_stays_in_bounds_and_grants_are_a_prefix(amounts: list[int | None]) -> None:
    """A number reserves it; None gives back the oldest grant that is still held."""
    pool = CreditPool(Environment(), 12)
    asked: list[tuple[int, Event]] = []
    returned = 0
    for amount in amounts:
        if amount is not None:
            asked.append((amount, pool.reserve(amount)))
        elif returned < len(asked) and asked[returned][1].triggered:
            pool.release(asked[returned][0])
            returned += 1
        granted = sum(event.triggered for _, event in asked)
        assert all(event.triggered for _, event in asked[:granted]), "grants come in the order of asking"
        assert pool.level == sum(size for size, _ in asked[returned:granted])
        assert 0 <= pool.level <= pool.high_water <= pool.capacity
        assert pool.waiting == len(asked) - granted
        assert granted == len(asked) or asked[granted][0] > pool.free, "nobody waits for what is free"
