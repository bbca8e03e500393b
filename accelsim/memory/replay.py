"""Replaying a trace on the DRAM model alone: `replay(accesses, dram) -> MemoryResult`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from accelsim.config.dram import DramPreset
from accelsim.errors import InputError, one_of
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel
from accelsim.memory.trace_file import Access
from accelsim.tlm import Arbiter, FixedPriority, OldestFirst, RoundRobin, Weighted
from accelsim.tlm.arbiter import Request as Waiting
from accelsim.units import PICOSECONDS_PER_SECOND

ArbiterName = Literal["oldest_first", "round_robin", "fixed_priority", "weighted"]
ARBITERS: tuple[ArbiterName, ...] = get_args(ArbiterName)
PERCENTILES = (50, 90, 99)
#: Requests that are not served: more than the controller can look at, so that it is never kept waiting.
AHEAD = 256
#: Most bytes of transactions that are served as one because they follow each other.
JOINED_BYTES = 4096
#: A transaction of an initiator: its bytes, and what it was served with.
_Served = tuple[int, Request]


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


def replay(accesses: Iterable[Access], preset: DramPreset, arbiter: ArbiterName = "oldest_first") -> MemoryResult:
    """Hand the transactions to one channel, each as soon as its queue has room and at most a burst in each clock.

    With `oldest_first` they are taken in order. With the other policies each initiator's transactions are in order, and
    whenever the channel takes one the arbiter says whose: initiators are numbered as they first appear (fixed
    priority: the first one wins), and `weighted` gives all of them the same share of the bytes.
    Transactions that follow each other are served as one (`joined`).
    Raises InputError for a trace without transactions or an unknown arbiter, and what reading `accesses` raises.
    """
    one_of("arbiter", arbiter, ARBITERS)
    channel, places = DramChannel(preset), AddressMap(preset, 1)
    served: dict[str, list[_Served]] = {}
    offered = 0
    for together in joined(arbitrated(accesses, arbiter)):
        (initiator, start, joined_bytes, is_write), request = together[0], Request()
        of_initiator = served.get(initiator)
        if of_initiator is None:
            of_initiator = served[initiator] = []
        of_initiator.append((joined_bytes, request))
        for access in together[1:]:
            joined_bytes += access.size_bytes
            of_initiator.append((access.size_bytes, request))
        for place, bursts, _ in places.chunks(start, joined_bytes):
            channel.submit(offered, place, bursts, is_write, request)
            offered += bursts
        if channel.requests > 2 * AHEAD:
            channel.advance(most_requests=AHEAD)
    channel.advance()
    if not served:
        raise InputError("trace", "holds no transactions", "at least one")
    return _result(served, channel, preset, arbiter)


def joined(accesses: Iterable[Access]) -> Iterator[list[Access]]:
    """Transactions of an initiator that go on where the one before ended, up to JOINED_BYTES together.

    They are served and timed as one, so the latency of each is that of all of them; a single one stays what it is.
    """
    together: list[Access] = []
    room, next_one = 0, None
    for access in accesses:
        initiator, address, size_bytes, is_write = access
        if (initiator, address, is_write) == next_one and size_bytes <= room:
            together.append(access)
        else:
            if together:
                yield together
            together, room = [access], JOINED_BYTES
        room -= size_bytes
        next_one = (initiator, address + size_bytes, is_write)
    if together:
        yield together


def arbitrated(accesses: Iterable[Access], arbiter: ArbiterName) -> Iterator[Access]:
    """The transactions in the order in which the arbiter lets them go; each initiator always has its next one ready."""
    if arbiter == "oldest_first":
        yield from accesses
        return
    waiting: dict[str, deque[tuple[int, Access]]] = {}
    for position, access in enumerate(accesses):
        waiting.setdefault(access.initiator, deque()).append((position, access))
    queues = list(waiting.values())
    policy = _policy(arbiter, len(queues))
    heads = [Waiting(index, queue[0][0], queue[0][1].size_bytes) for index, queue in enumerate(queues)]
    while heads:
        chosen = policy.select(heads)
        index = heads[chosen].requester
        yield queues[index].popleft()[1]
        if queues[index]:
            position, access = queues[index][0]
            heads[chosen] = Waiting(index, position, access.size_bytes)
        else:
            del heads[chosen]


def _policy(arbiter: ArbiterName, initiators: int) -> Arbiter:
    if not initiators or arbiter == "oldest_first":
        return OldestFirst()
    if arbiter == "round_robin":
        return RoundRobin(initiators)
    if arbiter == "fixed_priority":
        return FixedPriority(range(initiators))
    return Weighted([1] * initiators)


def _result(
    served: dict[str, list[_Served]], channel: DramChannel, preset: DramPreset, arbiter: ArbiterName
) -> MemoryResult:
    latencies = {
        name: np.array([request.finished - request.accepted for _, request in of]) for name, of in served.items()
    }
    initiators = {name: _initiator(of, latencies[name], preset) for name, of in served.items()}
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
        latency_clocks=_latency(np.concatenate(list(latencies.values()))),
        initiators=initiators,
    )


def _initiator(served: list[_Served], latencies: npt.NDArray[np.int64], preset: DramPreset) -> InitiatorResult:
    moved_bytes = sum([size_bytes for size_bytes, _ in served])
    last_clock = max([request.finished for _, request in served])
    return InitiatorResult(
        transactions=len(served),
        bytes=moved_bytes,
        last_clock=last_clock,
        bytes_per_second=_rate(moved_bytes, last_clock, preset),
        latency_clocks=_latency(latencies),
    )


def _latency(clocks: npt.NDArray[np.int64]) -> Latency:
    p50, p90, p99 = np.percentile(clocks, PERCENTILES).tolist()
    return Latency(mean=float(clocks.mean()), p50=p50, p90=p90, p99=p99, max=int(clocks.max()))


def _rate(moved_bytes: int, clocks: int, preset: DramPreset) -> float:
    return moved_bytes * PICOSECONDS_PER_SECOND / (clocks * preset.tck_ps)
