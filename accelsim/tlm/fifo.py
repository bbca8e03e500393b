"""A bounded channel between processes: producers wait for room, consumers for items."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from simpy import Environment, Event

from accelsim.errors import SimulationError
from accelsim.tlm.waiting import NamedEvent

ItemT = TypeVar("ItemT")


class _Put(NamedEvent, Generic[ItemT]):
    """Happens when the item is in the channel."""

    def __init__(self, fifo: Fifo[ItemT], item: ItemT) -> None:
        super().__init__(fifo.env)
        self.fifo = fifo
        self.item = item

    def describe(self) -> str:
        return f"room in {self.fifo.path} ({self.fifo.level} of {self.fifo.capacity} items)"


class _Get(NamedEvent, Generic[ItemT]):
    """Happens when there is an item; its value is the item."""

    def __init__(self, fifo: Fifo[ItemT]) -> None:
        super().__init__(fifo.env)
        self.fifo = fifo

    def describe(self) -> str:
        return f"an item in {self.fifo.path} (empty)"


class Fifo(Generic[ItemT]):
    """First in, first out, at most `capacity` items; who waits longest is served first.

    `put` and `get` give an event to wait for: `yield fifo.put(item)`, `item = yield fifo.get()`. An event asked for
    cannot be taken back: it keeps its place in the queue.
    """

    def __init__(self, env: Environment, capacity: int, path: str = "fifo") -> None:
        if capacity < 1:
            raise SimulationError(f"{path}: a fifo holds at least 1 item, not {capacity}")
        self.env = env
        self.capacity = capacity
        self.path = path
        #: Most items held at one time.
        self.high_water = 0
        self._items: deque[ItemT] = deque()
        self._puts: deque[_Put[ItemT]] = deque()
        self._gets: deque[_Get[ItemT]] = deque()

    @property
    def level(self) -> int:
        """Items in the channel, never outside [0, capacity]."""
        return len(self._items)

    def put(self, item: ItemT) -> Event:
        """Event that happens when `item` is in the channel: now, or when there is room and all earlier puts are in."""
        event = _Put(self, item)
        if len(self._items) < self.capacity:
            event.succeed()
            self._accept(item)
        else:
            self._puts.append(event)
        return event

    def get(self) -> Event:
        """Event with the oldest item as its value: now, or when there is one and all earlier gets have theirs."""
        event = _Get(self)
        if self._items:
            event.succeed(self._items.popleft())
            self._admit()
        else:
            self._gets.append(event)
        return event

    def try_put(self, item: ItemT) -> bool:
        """Put without waiting, and without an event, when there is room now; returns whether there was."""
        if len(self._items) == self.capacity:
            return False
        self._accept(item)
        return True

    def _accept(self, item: ItemT) -> None:
        """Hand the item to the consumer that waits longest, or keep it. Consumers wait only while it is empty."""
        if self._gets:
            self._gets.popleft().succeed(item)
            return
        self._items.append(item)
        self.high_water = max(self.high_water, len(self._items))

    def _admit(self) -> None:
        """Let the producer that waits longest into the place that has become free."""
        if self._puts:
            put = self._puts.popleft()
            self._accept(put.item)
            put.succeed()
