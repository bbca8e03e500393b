"""What modules count while they run, collected as a tree that mirrors the module tree.

A module makes its instruments in its constructor (`self.reads = self.statistics.counter("reads")`) and keeps them as
attributes, so that counting costs an attribute and an addition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from accelsim.errors import SimulationError
from accelsim.tlm.cycles import now_cycle
from accelsim.units import ceil_div

if TYPE_CHECKING:
    from accelsim.tlm.module import Module

#: Plain numbers, or a dict of them: floats only for ratios.
Summary = int | dict[str, int | float]
#: One node of the collected tree: statistics of the module and, by name, its children.
StatisticsTree = dict[str, "Summary | StatisticsTree"]


class Instrument(Protocol):
    """Anything that can be summed up at the end of a run of `elapsed_cycles`."""

    def summary(self, elapsed_cycles: int) -> Summary: ...


InstrumentT = TypeVar("InstrumentT", bound=Instrument)


class Counter:
    """A count that only grows: `reads.value += 1`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def summary(self, elapsed_cycles: int) -> Summary:
        """The count."""
        return self.value


class HighWaterMark:
    """The largest value seen."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def record(self, value: int) -> None:
        """Take note of a value."""
        if value > self.value:
            self.value = value

    def summary(self, elapsed_cycles: int) -> Summary:
        """The largest value, 0 when there was none."""
        return self.value


class Gauge:
    """A value that something else keeps, read when the run is summed up."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read

    def summary(self, elapsed_cycles: int) -> Summary:
        """The value now."""
        return self._read()


class BusyTime:
    """Cycles in which something was busy, from intervals reported in the order of their starts.

    Cycles covered by several intervals count once, so the utilisation never exceeds 1.
    """

    __slots__ = ("_last_start", "_until", "cycles")

    def __init__(self) -> None:
        self.cycles = 0
        self._last_start = 0
        self._until = 0

    def record(self, start_cycle: int, end_cycle: int) -> None:
        """Busy in [start_cycle, end_cycle); raises SimulationError when it starts before an earlier interval did."""
        if start_cycle < self._last_start or end_cycle < start_cycle:
            raise SimulationError(
                f"busy interval [{start_cycle}, {end_cycle}) after one that started at {self._last_start}: "
                "intervals come in the order of their starts"
            )
        self._last_start = start_cycle
        if end_cycle > self._until:
            self.cycles += end_cycle - max(start_cycle, self._until)
            self._until = end_cycle

    def summary(self, elapsed_cycles: int) -> Summary:
        """`cycles`, and `utilisation` = cycles / elapsed_cycles (0.0 when no time has passed)."""
        return {"cycles": self.cycles, "utilisation": self.cycles / elapsed_cycles if elapsed_cycles else 0.0}


class Histogram:
    """Exact distribution of whole numbers (latencies, burst lengths): value -> how often."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}

    def record(self, value: int) -> None:
        """Take note of a value."""
        self.counts[value] = self.counts.get(value, 0) + 1

    def percentile(self, percent: int) -> int:
        """Smallest recorded value with at least `percent` % of all values at or below it (nearest rank)."""
        if not self.counts or not 0 <= percent <= 100:
            raise SimulationError(f"no {percent}th percentile of {sum(self.counts.values())} values")
        rank = max(1, ceil_div(percent * sum(self.counts.values()), 100))
        for value in sorted(self.counts):
            rank -= self.counts[value]
            if rank <= 0:
                break
        return value

    def summary(self, elapsed_cycles: int) -> Summary:
        """`count`, and when there are values `min`, `p50`, `p95`, `p99`, `max` and the ratio `mean`."""
        count = sum(self.counts.values())
        if not count:
            return {"count": 0}
        return {
            "count": count,
            "min": min(self.counts),
            "p50": self.percentile(50),
            "p95": self.percentile(95),
            "p99": self.percentile(99),
            "max": max(self.counts),
            "mean": sum(value * times for value, times in self.counts.items()) / count,
        }


class Statistics:
    """The instruments of one module, by name."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._instruments: dict[str, Instrument] = {}

    def counter(self, name: str) -> Counter:
        """A new count."""
        return self.add(name, Counter())

    def high_water_mark(self, name: str) -> HighWaterMark:
        """A new maximum."""
        return self.add(name, HighWaterMark())

    def gauge(self, name: str, read: Callable[[], int]) -> Gauge:
        """A new value that is read when the run is summed up."""
        return self.add(name, Gauge(read))

    def busy_time(self, name: str) -> BusyTime:
        """A new accumulator of busy cycles."""
        return self.add(name, BusyTime())

    def histogram(self, name: str) -> Histogram:
        """A new distribution."""
        return self.add(name, Histogram())

    def add(self, name: str, instrument: InstrumentT) -> InstrumentT:
        """Enter an instrument of any kind; raises SimulationError when the name is taken."""
        if name in self._instruments:
            raise SimulationError(f"{self.path}: there is a statistic {name!r} already")
        self._instruments[name] = instrument
        return instrument

    def collect(self, elapsed_cycles: int) -> dict[str, Summary]:
        """Summary of every instrument, in the order in which they were made."""
        return {name: instrument.summary(elapsed_cycles) for name, instrument in self._instruments.items()}


def collect(root: Module) -> StatisticsTree:
    """Statistics of `root` and all below it, up to now: `{"reads": 4, "dram": {"channel0": {...}}}`."""
    tree: StatisticsTree = dict(root.statistics.collect(now_cycle(root.env)))
    for child in root.children:
        if child.name in tree:
            raise SimulationError(f"{root.path}: {child.name!r} names both a statistic and a child")
        tree[child.name] = collect(child)
    return tree
