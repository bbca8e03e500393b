"""What a replay found: `MemoryResult`, and the tallies that it is made of."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from accelsim.config.dram import DramPreset
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel
from accelsim.units import PICOSECONDS_PER_SECOND

ArbiterName = Literal["oldest_first", "round_robin", "fixed_priority", "weighted"]
ARBITERS: tuple[ArbiterName, ...] = get_args(ArbiterName)
PERCENTILES = (50, 90, 99)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(_Frozen):
    """Clocks from the moment the controller takes a transaction's first burst until its last data have passed."""

    mean: float
    p50: float
    p90: float
    p99: float
    max: int


class InitiatorResult(_Frozen):
    """One initiator's share: what it moved, by when its last transaction was done, and its bandwidth until then."""

    transactions: int
    bytes: int
    last_clock: int
    bytes_per_second: float
    latency_clocks: Latency


class MemoryResult(_Frozen):
    """What a replay found. Clocks are the DRAM's; `bytes` what the trace asked for; hits, misses and conflicts count
    bursts; `bus_efficiency` is the share of the clocks in which the data bus moves bursts.
    """

    dram: str
    arbiter: ArbiterName
    transactions: int
    bursts: int
    bytes: int
    clocks: int
    seconds: float
    bytes_per_second: float
    bus_efficiency: float
    row_hits: int
    row_misses: int
    row_conflicts: int
    latency_clocks: Latency
    initiators: dict[str, InitiatorResult]


class Tally:
    """What an initiator has got so far."""

    __slots__ = ("bytes", "last_clock", "latency_clocks")

    def __init__(self) -> None:
        self.bytes = self.last_clock = 0
        #: Of each transaction; plain numbers, as there may be millions.
        self.latency_clocks = array("q")

    def add(self, request: Request, transactions: int) -> None:
        """Some transactions were served as one."""
        if request.finished > self.last_clock:
            self.last_clock = request.finished
        latency = request.finished - request.accepted
        for _ in range(transactions):
            self.latency_clocks.append(latency)

    def result(self, preset: DramPreset) -> InitiatorResult:
        """As the result shows it."""
        return InitiatorResult(
            transactions=len(self.latency_clocks),
            bytes=self.bytes,
            last_clock=self.last_clock,
            bytes_per_second=_rate(self.bytes, self.last_clock, preset),
            latency_clocks=_latency(np.asarray(self.latency_clocks)),
        )


def memory_result(
    tallies: Mapping[str, Tally], channel: DramChannel, preset: DramPreset, arbiter: ArbiterName
) -> MemoryResult:
    """The result of a channel that has served all of it."""
    initiators = {name: tally.result(preset) for name, tally in tallies.items()}
    clocks = max(initiator.last_clock for initiator in initiators.values())
    moved_bytes = sum(initiator.bytes for initiator in initiators.values())
    return MemoryResult(
        dram=preset.name,
        arbiter=arbiter,
        transactions=sum(initiator.transactions for initiator in initiators.values()),
        bursts=channel.bursts,
        bytes=moved_bytes,
        clocks=clocks,
        seconds=clocks * preset.tck_ps / PICOSECONDS_PER_SECOND,
        bytes_per_second=_rate(moved_bytes, clocks, preset),
        bus_efficiency=channel.bursts * preset.burst_clocks / clocks,
        row_hits=channel.row_hits,
        row_misses=channel.row_misses,
        row_conflicts=channel.row_conflicts,
        latency_clocks=_latency(np.concatenate([tally.latency_clocks for tally in tallies.values()])),
        initiators=initiators,
    )


def _latency(clocks: npt.NDArray[np.int64]) -> Latency:
    p50, p90, p99 = np.percentile(clocks, PERCENTILES).tolist()
    return Latency(mean=float(clocks.mean()), p50=p50, p90=p90, p99=p99, max=int(clocks.max()))


def _rate(moved_bytes: int, clocks: int, preset: DramPreset) -> float:
    return moved_bytes * PICOSECONDS_PER_SECOND / (clocks * preset.tck_ps)
