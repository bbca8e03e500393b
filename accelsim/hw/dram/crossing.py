"""The crossings between the core clock and the DRAM's."""

from __future__ import annotations

from math import gcd

from accelsim.units import PICOSECONDS_PER_SECOND, ceil_div


class ClockCrossing:
    """Core cycles and DRAM clocks as each other, rounded up to the next edge in exact integers."""

    def __init__(self, clock_hz: int, tck_ps: int) -> None:
        ratio = gcd(PICOSECONDS_PER_SECOND, clock_hz * tck_ps)
        #: Core cycles : DRAM clocks in whole numbers.
        self._cycles, self._clocks = clock_hz * tck_ps // ratio, PICOSECONDS_PER_SECOND // ratio

    def clock_at(self, cycle: int) -> int:
        """The first DRAM clock edge at or after a core cycle."""
        return ceil_div(cycle * self._clocks, self._cycles)

    def cycle_at(self, clock: int) -> int:
        """The first core cycle at or after a DRAM clock edge."""
        return ceil_div(clock * self._cycles, self._clocks)
