"""Whose turn it is, where the blocks of a core work one at a time."""

from __future__ import annotations

from typing import NamedTuple

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.config.hardware import Overlap
from accelsim.tlm import ArbitratedResource, OldestFirst


class Worker(NamedTuple):
    """A block that takes turns: who goes first of those that ask in the same cycle, and what waiting for it is."""

    order: int
    cause: str


STORE = Worker(0, "wait_output_space")
VECTOR = Worker(1, "wait_vector_unit")
ARRAY = Worker(2, "computing")
INPUTS = Worker(3, "wait_inputs")
WEIGHTS = Worker(4, "wait_weights")


class Turns:
    """Lets the blocks of a core work at the same time, or one at a time, in the order in which they ask.

    A block asks when its command could start: operands on chip, room made. So none waits for anything in its turn.
    Parameters: overlap (which blocks need no turn: all, the weight engine, none).
    """

    def __init__(self, env: Environment, path: str, overlap: Overlap) -> None:
        self._env = env
        self._resource = None if overlap == "all" else ArbitratedResource(env, OldestFirst(), path)
        self._free = WEIGHTS if overlap == "weights" else None
        self._worked = dict.fromkeys((worker.cause for worker in (STORE, VECTOR, INPUTS, WEIGHTS)), 0)
        self._at_work: tuple[str, int] | None = None  # cause and first cycle of the turn under way

    def take(self, worker: Worker, work: ProcessGenerator) -> ProcessGenerator:
        """Do `work`, in a turn where it needs one."""
        if self._resource is None or worker is self._free:
            yield from work
            return
        yield self._resource.request(worker.order)
        self._at_work = worker.cause, int(self._env.now)
        yield from work
        self._worked = self._work_until_now()
        self._at_work = None
        self._resource.release()

    def wait(self, worker: Worker, waits: dict[str, int]) -> ProcessGenerator:
        """Wait for a turn, which `give_back` ends; `waits` grow by what the other blocks did in that time, by cause."""
        if self._resource is None:
            return
        before = self._work_until_now()
        yield self._resource.request(worker.order)
        for cause, cycles in self._work_until_now().items():
            waits[cause] += cycles - before[cause]

    def give_back(self) -> None:
        """End a turn that was waited for."""
        if self._resource is not None:
            self._resource.release()

    def _work_until_now(self) -> dict[str, int]:
        worked = dict(self._worked)
        if self._at_work is not None:
            cause, start = self._at_work
            worked[cause] += int(self._env.now) - start
        return worked
