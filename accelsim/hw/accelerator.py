"""The accelerator: cores, interconnect and memory. This file only wires."""

from __future__ import annotations

from simpy import Environment

from accelsim.config.dram import DramPreset
from accelsim.config.hardware import Detail, Hardware
from accelsim.hw.core import ENGINES, Core
from accelsim.hw.dram import Dram, DramSetup, FineDram
from accelsim.hw.ideal_memory import IdealMemory
from accelsim.hw.interconnect import Interconnect
from accelsim.hw.tensors import TensorBoard
from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.mapping.schedule import Schedule
from accelsim.tlm import Arbiter, FixedPriority, Module, OldestFirst, RoundRobin, Trace, Weighted


class Accelerator(Module):
    """The root of the module tree: every core has its own ports on the interconnect, which leads to one memory.

    The schedule's programs are those of the cores that share an image; as many images as that makes are in the machine.
    `dram` is None for ideal memory; `detail` chooses the array and the DRAM of that level; `values` is what the
    transactions carry.
    """

    def __init__(
        self,
        env: Environment,
        hardware: Hardware,
        dram: DramPreset | None,
        schedule: Schedule,
        trace: Trace,
        detail: Detail = "transaction",
        values: Values = TIMED_ONLY,
    ) -> None:
        super().__init__(env, "accelerator")
        self.memory = self._memory(hardware, dram, trace, detail, values)
        team = len(schedule.programs)
        boards = [TensorBoard.of(env, schedule.programs) for _ in range(hardware.images)]
        self.cores = [
            Core(
                env,
                f"core{index}",
                self,
                hardware=hardware,
                program=schedule.programs[index % team],
                tensors=boards[index // team],
                member=index % team,
                trace=trace,
                detail=detail,
                values=values,
            )
            for index in range(hardware.cores)
        ]
        self.interconnect = Interconnect(
            env,
            "interconnect",
            self,
            ports=tuple(f"{core.name}.{engine}" for core in self.cores for engine in ENGINES),
            ports_of_a_core=len(ENGINES),
            bytes_per_cycle=hardware.interconnect.bytes_per_cycle,
            core_bytes_per_cycle=hardware.interconnect.core_bytes_per_cycle,
            latency_cycles=hardware.interconnect.latency_cycles,
            in_flight=hardware.interconnect.in_flight_per_channel * hardware.dram.channels,
            arbiter=make_arbiter(hardware),
        )
        self.interconnect.memory.bind(self.memory.target)
        for core in self.cores:
            for engine in ENGINES:
                core.dma[engine].memory.bind(self.interconnect.ports[f"{core.name}.{engine}"])

    def _memory(
        self, hardware: Hardware, dram: DramPreset | None, trace: Trace, detail: Detail, values: Values
    ) -> Dram | FineDram | IdealMemory:
        if dram is None:
            return IdealMemory(self.env, "dram", self, trace, values)
        channels = hardware.dram.channels
        setup = DramSetup(dram, channels, hardware.clock_hz, trace, values)
        if detail == "fine":
            return FineDram(self.env, "dram", self, setup)
        return Dram(self.env, "dram", self, setup, in_flight=hardware.interconnect.in_flight_per_channel * channels)


def make_arbiter(hardware: Hardware) -> Arbiter:
    """The policy named in the configuration, for the ports of all cores in the order of `ENGINES`."""
    config, cores = hardware.interconnect, range(hardware.cores)
    if config.arbiter == "fixed_priority":
        return FixedPriority([core * len(ENGINES) + ENGINES.index(engine) for engine in config.order for core in cores])
    if config.arbiter == "weighted":
        return Weighted(config.weights * len(cores))
    if config.arbiter == "oldest_first":
        return OldestFirst()
    return RoundRobin(len(ENGINES) * len(cores))
