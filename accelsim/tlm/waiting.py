"""Events that can say what they wait for, so that a deadlock can be explained."""

from __future__ import annotations

from simpy import Environment, Event, Process
from simpy.events import Condition


class NamedEvent(Event):
    """An event with a reason: `NamedEvent(env, "weights of tile 3")`.

    The events of fifos, credit pools and arbitrated resources are such events and word their reason only when asked.
    """

    def __init__(self, env: Environment, reason: str = "") -> None:
        super().__init__(env)
        self._reason = reason

    def describe(self) -> str:
        """What has to happen before this event does."""
        return self._reason


def describe_wait(event: Event, seen: frozenset[Event] = frozenset()) -> str:
    """What `event` is waiting for, in words; follows processes that wait for others (`seen` ends a circle)."""
    if event in seen:
        return "itself, in a circle"
    if isinstance(event, NamedEvent):
        return event.describe()
    if isinstance(event, Process):
        return f"process {event.name}, which waits for {describe_wait(event.target, seen | {event})}"
    if isinstance(event, Condition):
        # SimPy offers no public way to what a condition is made of.
        quantity = "any of" if event._evaluate is Condition.any_events else "all of"
        parts = [describe_wait(part, seen | {event}) for part in event._events if not part.triggered]
        return f"{quantity} [{'; '.join(parts)}]"
    return f"an unnamed {type(event).__name__}"
