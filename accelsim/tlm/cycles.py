"""Time is a whole number of cycles: reading it, holding others to it, and acting at the end of a cycle."""

from __future__ import annotations

from simpy import Environment, Event
from simpy.events import NORMAL, EventPriority

from accelsim.errors import SimulationError

#: Processed after every ordinary event of the same cycle.
LATE = EventPriority(NORMAL + 1)


def now_cycle(env: Environment) -> int:
    """Current time in cycles; raises SimulationError when a fractional delay has made the time a float."""
    now = env.now
    if isinstance(now, int):
        return now
    raise SimulationError(f"time is {now!r}, not a whole number of cycles: CycleEnvironment finds the delay at fault")


class EndOfCycle(Event):
    """Happens in the current cycle once all ordinary events of the cycle are done: every request is then known."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, LATE)


class CycleEnvironment(Environment):
    """A SimPy environment that refuses a delay that is not a whole number of cycles, and names the process at fault.

    The check costs a Python call per event, so tests and debugging runs use it; a plain `simpy.Environment` gives
    the same simulation.
    """

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """As in SimPy; raises SimulationError for a delay that is not an `int`."""
        if not isinstance(delay, int):
            process = self.active_process
            where = process.name if process is not None else "no process"
            raise SimulationError(f"cycle {self.now}: {where} asked for a delay of {delay!r}; delays are whole cycles")
        super().schedule(event, priority, delay)
