"""How far each activation tensor has been produced."""

from __future__ import annotations

from collections.abc import Mapping

from simpy import Environment, Event

from accelsim.tlm import NamedEvent


class RowsReady(NamedEvent):
    """Happens when enough rows of a tensor are where their reader looks for them."""

    def __init__(self, env: Environment, tensor: str, rows: int) -> None:
        super().__init__(env)
        self.tensor, self.rows = tensor, rows

    def describe(self) -> str:
        """The tensor and rows wanted."""
        return f"the first {self.rows} rows of tensor {self.tensor}"


class TensorBoard:
    """Complete rows per tensor, in DRAM or in the input buffer, wherever its readers look; readers wait on them.

    `parts` are those of each concatenation: a row of it is complete when that of every part is.
    """

    def __init__(self, env: Environment, parts: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._env = env
        self._parts = dict(parts or {})
        self._whole = {part: whole for whole, found in self._parts.items() for part in found}
        self._rows: dict[str, int] = {}
        self._waiting: dict[str, list[RowsReady]] = {}

    def advance(self, tensor: str, rows: int) -> None:
        """The first `rows` rows of a tensor are complete now."""
        if rows <= self._rows.get(tensor, 0):
            return
        self._complete(tensor, rows)
        if tensor in self._whole:
            whole = self._whole[tensor]
            self.advance(whole, min(self._rows.get(part, 0) for part in self._parts[whole]))

    def _complete(self, tensor: str, rows: int) -> None:
        self._rows[tensor] = rows
        waiting = self._waiting.get(tensor, [])
        self._waiting[tensor] = [event for event in waiting if event.rows > rows]
        for event in waiting:
            if event.rows <= rows:
                event.succeed()

    def wait(self, tensor: str, rows: int) -> Event | None:
        """Event that happens when the first `rows` rows are complete; None when they are."""
        if self._rows.get(tensor, 0) >= rows:
            return None
        event = RowsReady(self._env, tensor, rows)
        self._waiting.setdefault(tensor, []).append(event)
        return event
