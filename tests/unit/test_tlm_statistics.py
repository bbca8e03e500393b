"""Statistics: each instrument by hand, and the tree that mirrors the modules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment

from accelsim.errors import SimulationError
from accelsim.tlm import BusyTime, Histogram, Module, SimpleMemory, Statistics, collect
from accelsim.tlm.arbiter import RoundRobin
from accelsim.tlm.models import TrafficPlayer
from accelsim.tlm.transaction import Command, Transaction


def test_instruments_sum_up_in_the_order_of_their_making() -> None:
    statistics = Statistics("root")
    reads, peak = statistics.counter("reads"), statistics.high_water_mark("peak")
    statistics.gauge("level", lambda: 5)
    reads.value += 3
    for value in (2, 9, 4):
        peak.record(value)
    assert list(statistics.collect(100).items()) == [("reads", 3), ("peak", 9), ("level", 5)]


def test_a_name_is_used_once() -> None:
    statistics = Statistics("root.dram")
    statistics.counter("reads")
    with pytest.raises(SimulationError, match=r"root\.dram: there is a statistic 'reads' already"):
        statistics.histogram("reads")


def test_busy_time_counts_covered_cycles_once() -> None:
    """[0, 4) + [2, 6) + [3, 5) + [10, 12) cover 0..5 and 10, 11: 8 cycles of 16."""
    busy = BusyTime()
    for start, end in ((0, 4), (2, 6), (3, 5), (10, 12)):
        busy.record(start, end)
    assert busy.summary(16) == {"cycles": 8, "utilisation": 8 / 16}
    assert BusyTime().summary(0) == {"cycles": 0, "utilisation": 0.0}


@pytest.mark.parametrize(("start", "end"), [(3, 9), (8, 7)])
def test_busy_intervals_come_in_order(start: int, end: int) -> None:
    busy = BusyTime()
    busy.record(4, 6)
    with pytest.raises(SimulationError, match="in the order of their starts"):
        busy.record(start, end)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=20))
def test_busy_time_is_the_size_of_the_union(intervals: list[tuple[int, int]]) -> None:
    busy = BusyTime()
    covered: set[int] = set()
    for start, length in sorted(intervals):
        busy.record(start, start + length)
        covered |= set(range(start, start + length))
    assert busy.cycles == len(covered)


def test_histogram_by_hand() -> None:
    """1..10, nearest rank: the 50th percentile is the 5th value, the 95th and 99th are the 10th."""
    histogram = Histogram()
    for value in range(10, 0, -1):
        histogram.record(value)
    assert histogram.summary(0) == {"count": 10, "min": 1, "p50": 5, "p95": 10, "p99": 10, "max": 10, "mean": 55 / 10}
    assert Histogram().summary(0) == {"count": 0}
    with pytest.raises(SimulationError, match="no 50th percentile of 0 values"):
        Histogram().percentile(50)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=50), st.integers(0, 100))
def test_a_percentile_is_the_smallest_value_with_enough_at_or_below(values: list[int], percent: int) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    enough = [v for v in values if 100 * sum(other <= v for other in values) >= percent * len(values)]
    assert histogram.percentile(percent) == min(enough)


def test_the_tree_mirrors_the_modules() -> None:
    """Reads of 8 bytes and 4 bytes, 2 + size / 4 cycles each, one after the other: 4 + 3 = 7 cycles."""
    env = Environment()
    root = Module(env, "root")
    memory = SimpleMemory(env, "memory", root, arbiter=RoundRobin(1), latency_cycles=2, bytes_per_cycle=4)
    reads = [Transaction(Command.READ, 0, size, "player") for size in (8, 4)]
    player = TrafficPlayer(env, "player", root, transactions=reads)
    player.socket.bind(memory.ports[0])
    Module(env, "empty", root)
    root.start()
    env.run()
    assert collect(root) == {
        "memory": {"read_bytes": 12, "write_bytes": 0, "busy": {"cycles": 7, "utilisation": 7 / 7}},
        "player": {
            "latency_cycles": {"count": 2, "min": 3, "p50": 3, "p95": 4, "p99": 4, "max": 4, "mean": 7 / 2},
        },
        "empty": {},
    }


def test_a_statistic_and_a_child_of_one_name_are_refused() -> None:
    env = Environment()
    root = Module(env, "root")
    Module(env, "dram", root)
    root.statistics.counter("dram")
    with pytest.raises(SimulationError, match="'dram' names both a statistic and a child"):
        collect(root)
