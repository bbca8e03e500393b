"""What a run's transactions carry: hooks at which blocks hand bytes on. A run that is only timed carries nothing."""

from __future__ import annotations

from accelsim.hw.payloads import Cargo
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Step
from accelsim.tlm import Transaction


class Values:
    """Carries nothing; `accelsim.functional` has the kind that computes. No hook takes simulated time."""

    def served(self, transaction: Transaction, cycle: int) -> None:
        """The memory has done a transaction: fill in what was read, or keep what was written."""

    def room(self, load: Load) -> Cargo | None:
        """Where the bytes of a tile go that is fetched now."""
        return None

    def arrived(self, load: Load, cargo: Cargo | None, cycle: int) -> None:
        """A tile is on chip."""

    def given_up(self, load: Load) -> None:
        """Its last reader is done with a tile."""

    def multiplied(self, plan: LayerPlan, step: Step, cycle: int) -> None:
        """The array has multiplied a tile."""

    def processed(self, plan: LayerPlan, tile: OutputTile, cycle: int) -> None:
        """The vector unit is done with an output tile."""

    def result(self, tile: OutputTile) -> Cargo | None:
        """The bytes of an output tile that is stored now."""
        return None


TIMED_ONLY = Values()
