"""How far each activation tensor has been produced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simpy import Environment, Event

from accelsim.mapping.ranges import Range
from accelsim.mapping.schedule import LayerPlan
from accelsim.tlm import NamedEvent


class RowsReady(NamedEvent):
    """Happens when rows of a tensor are where their reader looks for them; `missing` cores have still to make some."""

    def __init__(self, env: Environment, tensor: str, rows: Range, missing: int) -> None:
        super().__init__(env)
        self.tensor, self.rows, self._missing = tensor, rows, missing

    def one_less(self) -> None:
        """A core has made its part."""
        self._missing -= 1
        if not self._missing:
            self.succeed()

    def describe(self) -> str:
        """The tensor and rows wanted."""
        return f"rows {self.rows[0]}-{self.rows[1] - 1} of tensor {self.tensor}"


@dataclass(slots=True)
class _Part:
    """What one core makes of a tensor: of these rows, those before `done` are complete."""

    core: int
    rows: Range
    done: int = 0
    waiting: list[tuple[int, RowsReady]] = field(default_factory=list)


class TensorBoard:
    """Complete rows of the tensors of one image, in DRAM or in the input buffer, wherever their readers look.

    A core makes some rows of a tensor, of all its channels or some; a row is complete when all that make it have.
    `made` are the rows by tensor and core, `parts` those that a concatenation is made of, in the order of execution.
    Tensors that no core makes are complete.
    """

    def __init__(
        self,
        env: Environment,
        made: Mapping[str, Mapping[int, Range]],
        parts: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._env = env
        self._parts = {tensor: [_Part(core, rows) for core, rows in cores.items()] for tensor, cores in made.items()}
        self._own = {(tensor, part.core): part for tensor, found in self._parts.items() for part in found}
        for whole, names in (parts or {}).items():
            self._parts[whole] = [part for name in names for part in self._parts.get(name, ())]

    @classmethod
    def of(cls, env: Environment, programs: Sequence[Sequence[LayerPlan]]) -> TensorBoard:
        """The board of the cores that run these programs."""
        made = {
            plans[0].layer.name: {core: plan.rows for core, plan in enumerate(plans) if plan.outputs}
            for plans in zip(*programs, strict=True)
        }
        views = (plan.layer for plan in programs[0] if plan.layer.is_view)
        return cls(env, made, {layer.name: layer.inputs for layer in views})

    def advance(self, tensor: str, core: int, rows: int) -> None:
        """A core's part of the first `rows` rows of a tensor is complete now."""
        part = self._own[tensor, core]
        if rows <= part.done:
            return
        part.done = rows
        woken = [event for needed, event in part.waiting if needed <= rows]
        part.waiting = [(needed, event) for needed, event in part.waiting if needed > rows]
        for event in woken:
            event.one_less()

    def wait(self, tensor: str, rows: Range) -> Event | None:
        """Event that happens when these rows are complete; None when they are."""
        return self._wait(tensor, rows, self._parts.get(tensor, ()))

    def wait_for_others(self, tensor: str, rows: Range, core: int) -> Event | None:
        """The same for what cores other than this one make of them."""
        return self._wait(tensor, rows, [part for part in self._parts.get(tensor, ()) if part.core != core])

    def _wait(self, tensor: str, rows: Range, parts: Sequence[_Part]) -> Event | None:
        first, last = rows
        needed = [(min(last, part.rows[1]), part) for part in parts if part.rows[0] < last and first < part.rows[1]]
        behind = [(end, part) for end, part in needed if part.done < end]
        if not behind:
            return None
        event = RowsReady(self._env, tensor, rows, len(behind))
        for end, part in behind:
            part.waiting.append((end, event))
        return event
