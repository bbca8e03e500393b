"""Whole cycles: the clock, the environment that insists on them, and the end of a cycle."""

from collections.abc import Iterator

import pytest
from simpy import Environment, Event

from accelsim.errors import SimulationError
from accelsim.tlm import CycleEnvironment, EndOfCycle, now_cycle


def test_now_cycle_is_an_integer_or_an_error() -> None:
    env = Environment()
    env.run(until=env.timeout(3))
    assert now_cycle(env) == 3
    env.run(until=env.timeout(0.25))
    with pytest.raises(SimulationError, match=r"time is 3\.25"):
        now_cycle(env)


def test_a_cycle_environment_names_the_process_with_a_fractional_delay() -> None:
    env = CycleEnvironment()

    def fetch() -> Iterator[Event]:
        yield env.timeout(2)
        yield env.timeout(7 / 2)

    env.process(fetch())
    with pytest.raises(SimulationError, match=r"cycle 2: fetch asked for a delay of 3\.5; delays are whole cycles"):
        env.run()


def test_a_cycle_environment_names_no_process_outside_of_one() -> None:
    with pytest.raises(SimulationError, match=r"cycle 0: no process asked for a delay of 1\.0"):
        CycleEnvironment().timeout(1.0)


def test_a_cycle_environment_runs_as_a_plain_one() -> None:
    def log(env: Environment) -> list[tuple[float, int]]:
        seen: list[tuple[float, int]] = []

        def tick(period: int) -> Iterator[Event]:
            for _ in range(3):
                yield env.timeout(period)
                seen.append((env.now, period))

        for period in (2, 3):
            env.process(tick(period))
        env.run(until=100)
        return seen

    # Both wake at 6; the one that set its alarm first (period 3, at cycle 3) goes first.
    assert log(CycleEnvironment()) == log(Environment()) == [(2, 2), (3, 3), (4, 2), (6, 3), (6, 2), (9, 3)]


def test_the_end_of_a_cycle_comes_after_all_that_still_happens_in_it() -> None:
    env = Environment()
    log: list[tuple[float, str]] = []

    def late() -> Iterator[Event]:
        yield EndOfCycle(env)
        log.append((env.now, "end of cycle"))

    def chain() -> Iterator[Event]:
        for step in range(3):
            yield env.timeout(0)
            log.append((env.now, f"step {step}"))
        yield env.timeout(1)
        log.append((env.now, "next cycle"))

    env.process(late())
    env.process(chain())
    env.run()
    assert log == [(0, "step 0"), (0, "step 1"), (0, "step 2"), (0, "end of cycle"), (1, "next cycle")]
