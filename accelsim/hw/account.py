"""What the array's timeline was spent on, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field

from simpy import Environment, Event
from simpy.events import ProcessGenerator

from accelsim.hw.payloads import TileMultiply
from accelsim.mapping.schedule import LayerPlan
from accelsim.result import CAUSES
from accelsim.tlm import NamedEvent


class Milestone(NamedEvent):
    """Something of one layer's plan that others wait for: a tile on chip, an output tile's partial sums."""

    def __init__(self, env: Environment, what: str) -> None:
        super().__init__(env)
        self.what = what

    def describe(self) -> str:
        """What is waited for."""
        return self.what


@dataclass(slots=True)
class LayerRun:
    """A layer on its way through the machine: its milestones, and its window on the array's timeline.

    Each cycle of the window is charged to one cause, so the breakdown adds up to the window by construction.
    """

    plan: LayerPlan
    weights_on_chip: list[Milestone]
    loads_on_chip: list[Milestone]
    partial_sums: list[Milestone]
    processed: Milestone
    start_cycle: int = 0
    end_cycle: int = 0
    compute_cycles: int = 0
    read_bytes: int = 0
    write_bytes: int = 0
    breakdown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))

    @classmethod
    def of(cls, env: Environment, plan: LayerPlan) -> LayerRun:
        """A layer that has not started."""
        name = plan.layer.name

        def milestones(what: str, count: int) -> list[Milestone]:
            return [Milestone(env, f"{what} {index} of layer {name}") for index in range(count)]

        return cls(
            plan,
            milestones("weight tile", len(plan.weight_loads)),
            milestones("input tile", len(plan.loads)),
            milestones("partial sums", len(plan.outputs)),
            Milestone(env, f"the end of layer {name}"),
        )

    def charge(self, job: TileMultiply, elapsed_cycles: int) -> None:
        """Charge one tile multiplication: the array's own cycles, then what a slow stream adds to them."""
        own = job.streaming_cycles + job.fill_drain_cycles
        self.compute_cycles += own
        self.breakdown["computing"] += job.streaming_cycles
        self.breakdown["fill_drain"] += job.fill_drain_cycles
        if elapsed_cycles == own:
            return
        slowest = {
            "wait_decoder": job.decoder_cycles,
            "wait_weights": job.weight_port_cycles,
            "wait_inputs": job.input_port_cycles,
        }
        self.breakdown[max(slowest, key=lambda cause: slowest[cause])] += elapsed_cycles - own

    def wait(self, env: Environment, event: Event | None, cause: str) -> ProcessGenerator:
        """Wait for an event and charge the time to a cause."""
        if event is not None and not event.processed:
            start = int(env.now)
            yield event
            self.breakdown[cause] += int(env.now) - start
