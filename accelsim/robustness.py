"""How far the headline speed-up moves when the model's assumptions do: an interval beside the number.

Each assumption is moved alone, by an amount that is large against what is known of it; docs/robustness.md says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from accelsim.config.hardware import Hardware
from accelsim.simulation import BaselineName, dram_of, simulate
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload

#: Called before each simulation with what is moved, and how many simulations there are.
Progress = Callable[[str, int], None]


class Moved(BaseModel):
    """The speed-up with one assumption moved, and how far that is from the headline's, as a share of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    assumption: str
    change: str
    speedup: float
    difference: float


class Robustness(BaseModel):
    """The headline speed-up, and the least and the most that it becomes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workload: str
    hardware: str
    precision: str
    baseline: str
    speedup: float
    low: float
    high: float
    moved: list[Moved]


def robustness(
    workload: Workload,
    hardware: Hardware,
    precision: Precision,
    baseline: BaselineName = "fp32",
    progress: Progress | None = None,
) -> Robustness:
    """Simulate the network and its baseline on the machine and on each machine of `moved_machines`.

    `baseline` is not none. Raises what `simulate` raises for the machine itself; a moved machine is never smaller than
    half of it, but where its tiles do not fit that is raised, too.
    """

    def speedup_on(machine: Hardware) -> float:
        found = simulate(workload, machine, precision, baseline=baseline).speedup
        assert found is not None, baseline
        return found

    machines = list(moved_machines(hardware))
    if progress is not None:
        progress("headline", len(machines) + 1)
    headline = speedup_on(hardware)
    moved = []
    for assumption, change, machine in machines:
        if progress is not None:
            progress(assumption, len(machines) + 1)
        speedup = speedup_on(machine)
        moved.append(
            Moved(assumption=assumption, change=change, speedup=speedup, difference=speedup / headline - 1),
        )
    every = [headline, *(entry.speedup for entry in moved)]
    return Robustness(
        workload=workload.name,
        hardware=hardware.name,
        precision=precision.label,
        baseline=baseline,
        speedup=headline,
        low=min(every),
        high=max(every),
        moved=moved,
    )


def moved_machines(hardware: Hardware) -> Iterator[tuple[str, str, Hardware]]:
    """Assumption, how it is moved, and the machine with it; all else as it was.

    A DRAM that is faster by a factor is a core clock slower by it: a speed-up is a ratio of times of one machine.
    """
    dram = dram_of(hardware)
    if dram is not None:
        for percent in (-20, -10, 10, 20):
            yield (
                "DRAM efficiency",
                f"{percent:+d} %",
                _with(hardware, clock_hz=hardware.clock_hz * 100 // (100 + percent)),
            )
        slower = hardware.clock_hz * (dram.tREFI - dram.tRFC) // dram.tREFI
        yield "refresh", "none", _with(hardware, clock_hz=slower)
    latency = hardware.decoder.latency_cycles
    for cycles in (0, 4 * latency + 4):
        yield "decoder latency", f"{latency} to {cycles} cycles", _within(hardware, "decoder", latency_cycles=cycles)
    for lanes in (max(1, hardware.vector.lanes // 2), hardware.vector.lanes * 2):
        change = f"{hardware.vector.lanes} to {lanes} lanes"
        yield "vector throughput", change, _within(hardware, "vector", lanes=lanes)
    buffers = hardware.buffers
    halved = {name: getattr(buffers, name) // 2 for name in ("weight_bytes", "input_bytes", "output_bytes")}
    yield "tile choice", "as for buffers of half the size", _within(hardware, "buffers", **halved)
    if buffers.activation_residency:
        yield "tile choice", "nothing stays on chip", _within(hardware, "buffers", activation_residency=False)


def _with(hardware: Hardware, **fields: Any) -> Hardware:
    return hardware.model_copy(update=fields)


def _within(hardware: Hardware, section: str, **fields: Any) -> Hardware:
    return _with(hardware, **{section: getattr(hardware, section).model_copy(update=fields)})
