"""Replaying a trace on the DRAM model alone: `replay(accesses, dram) -> MemoryResult`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from accelsim.config.dram import DramPreset
from accelsim.errors import InputError, one_of
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel
from accelsim.memory.result import ARBITERS, ArbiterName, MemoryResult, Tally, memory_result
from accelsim.memory.trace_file import Access
from accelsim.tlm import Arbiter, FixedPriority, OldestFirst, RoundRobin, Weighted
from accelsim.tlm.arbiter import Request as Waiting

#: Requests that are not served: more than the controller can look at, so that it is never kept waiting.
AHEAD = 256
#: Most bytes of transactions that are served as one because they follow each other.
JOINED_BYTES = 4096


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
    tallies: dict[str, Tally] = {}
    under_way: list[tuple[Request, Tally, int]] = []
    offered = 0
    for (initiator, address, size_bytes, is_write), transactions in joined(arbitrated(accesses, arbiter)):
        tally = tallies.get(initiator)
        if tally is None:
            tally = tallies[initiator] = Tally()
        tally.bytes += size_bytes
        request = Request()
        under_way.append((request, tally, transactions))
        for place, bursts, _ in places.chunks(address, size_bytes):
            channel.submit(offered, place, bursts, is_write, request)
            offered += bursts
        if channel.requests > 2 * AHEAD:
            channel.advance(most_requests=AHEAD)
            under_way = _still_under_way(under_way)
    channel.advance()
    _still_under_way(under_way)
    if not tallies:
        raise InputError("trace", "holds no transactions", "at least one")
    return memory_result(tallies, channel, preset, arbiter)


def _still_under_way(requests: list[tuple[Request, Tally, int]]) -> list[tuple[Request, Tally, int]]:
    """Note those that are served; the others."""
    left = []
    for entry in requests:
        request, tally, transactions = entry
        if request.left:
            left.append(entry)
        else:
            tally.add(request, transactions)
    return left


def joined(accesses: Iterable[Access]) -> Iterator[tuple[Access, int]]:
    """Transactions of an initiator that go on where the one before ended, as one of up to JOINED_BYTES, and how many.

    They are served and timed as one, so the latency of each is that of all of them; a single one stays what it is.
    """
    first: Access | None = None
    together = total_bytes = end = 0
    for access in accesses:
        initiator, address, size_bytes, is_write = access
        if (
            address == end
            and total_bytes + size_bytes <= JOINED_BYTES
            and first is not None
            and (initiator, is_write) == (first.initiator, first.is_write)
        ):
            together += 1
            total_bytes += size_bytes
        else:
            if first is not None:
                yield (first if together == 1 else first._replace(size_bytes=total_bytes)), together
            first, together, total_bytes = access, 1, size_bytes
        end = address + size_bytes
    if first is not None:
        yield first._replace(size_bytes=total_bytes), together


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
