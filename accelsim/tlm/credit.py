"""Credits: a bounded amount of anything (bytes of a buffer, outstanding transactions) that is lent and given back."""

from __future__ import annotations

from collections import deque

from simpy import Environment, Event

from accelsim.errors import SimulationError
from accelsim.tlm.waiting import NamedEvent


class Reservation(NamedEvent):
    """Happens when `amount` units have been set aside for who asked."""

    def __init__(self, pool: CreditPool, amount: int) -> None:
        super().__init__(pool.env)
        self.pool = pool
        self.amount = amount

    def describe(self) -> str:
        """The amount wanted and what there is."""
        pool = self.pool
        return f"{self.amount} units of {pool.path} ({pool.free} of {pool.capacity} free, {pool.waiting} waiting)"


class CreditPool:
    """`capacity` units, of which `level` are taken; reservations are granted strictly in the order of asking.

    A small request never overtakes a large one that waits, so none starves. `reserve` and `release` are all there is:
    0 <= level <= capacity holds at every moment.
    """

    def __init__(self, env: Environment, capacity: int, path: str = "credit_pool") -> None:
        if capacity < 0:
            raise SimulationError(f"{path}: a capacity is not negative, found {capacity}")
        self.env = env
        self.capacity = capacity
        self.path = path
        #: Units taken now.
        self.level = 0
        #: Most units ever taken at one time.
        self.high_water = 0
        self._queue: deque[Reservation] = deque()

    @property
    def free(self) -> int:
        """Units that are not taken."""
        return self.capacity - self.level

    @property
    def waiting(self) -> int:
        """Reservations that wait."""
        return len(self._queue)

    def reserve(self, amount: int) -> Event:
        """Event that happens when `amount` units are set aside: now, or when they are free and all before are served.

        Raises SimulationError at once when the amount is negative or larger than the capacity.
        """
        self._check(amount)
        event = Reservation(self, amount)
        if self._queue or amount > self.capacity - self.level:
            self._queue.append(event)
        else:
            self._take(amount)
            event.succeed()
        return event

    def try_reserve(self, amount: int) -> bool:
        """Reserve without waiting, and without an event, when nobody waits and the units are free; returns whether."""
        self._check(amount)
        if self._queue or amount > self.capacity - self.level:
            return False
        self._take(amount)
        return True

    def release(self, amount: int) -> None:
        """Give `amount` units back; raises SimulationError when that is negative or more than is taken."""
        if not 0 <= amount <= self.level:
            raise SimulationError(f"{self.path}: {amount} units given back, but {self.level} are taken")
        self.level -= amount
        while self._queue and self._queue[0].amount <= self.capacity - self.level:
            event = self._queue.popleft()
            self._take(event.amount)
            event.succeed()

    def _take(self, amount: int) -> None:
        self.level += amount
        if self.level > self.high_water:
            self.high_water = self.level

    def _check(self, amount: int) -> None:
        if not 0 <= amount <= self.capacity:
            raise SimulationError(f"{self.path}: {amount} units asked for, but the capacity is {self.capacity}")
