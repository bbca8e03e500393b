"""The access patterns of the DRAM comparison, as `shared/reference/dram_patterns.md` describes them, as traces."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator

from accelsim.memory.trace_file import Access

REQUESTS, REQUEST_BYTES, CAPACITY_BYTES = 65_536, 64, 2**33
MIB, GIB = 2**20, 2**30

#: Names of the measured configurations and the DRAM presets that stand for them.
PRESETS = {
    "ddr4_2400_map_default": "ddr4-2400",
    "ddr4_2400_map_bankgroup_low": "ddr4-2400-bankgroup-low",
    "ddr3_1600_map_default": "ddr3-1600",
    "hbm2_one_channel_map_default": "hbm2-1ch",
}


def trace(pattern: str) -> Iterator[Access]:
    """The transactions of a pattern, one for each chunk; sequential ones are 4096 bytes long."""
    total = REQUESTS * REQUEST_BYTES
    sizes = [int(size) for size in re.findall(r"(\d+)B", pattern)]
    if pattern.startswith("seq"):
        yield from (Access("dma", address, 4096, pattern == "seq_write") for address in range(0, total, 4096))
    elif pattern.startswith("random"):
        numbers = random.Random(0)
        for _ in range(total // sizes[0]):
            yield Access("dma", numbers.randrange(CAPACITY_BYTES // sizes[0]) * sizes[0], sizes[0], False)
    elif pattern.startswith("strided"):
        width, stride = sizes
        yield from (Access("dma", index * stride, width, False) for index in range(total // width))
    else:
        starts, writers = _streams(pattern)
        for address in range(0, total // len(starts) // sizes[0] * sizes[0], sizes[0]):
            for stream, start in enumerate(starts):
                yield Access(f"dma{stream}", start + address, sizes[0], stream in writers)


def _streams(pattern: str) -> tuple[list[int], set[int]]:
    """Where the streams of a pattern start, and which of them write."""
    if pattern.startswith(("three_reads", "two_reads_one_write")):
        return [0, GIB + 37 * MIB, 2 * GIB + 91 * MIB], {2} if "write" in pattern else set()
    return [0, GIB], {1} if pattern.startswith("read_write") else set()


def divided(accesses: Iterable[Access], size_bytes: int) -> Iterator[Access]:
    """The same transactions in pieces of at most so many bytes."""
    for who, address, total, is_write in accesses:
        for first in range(0, total, size_bytes):
            yield Access(who, address + first, min(size_bytes, total - first), is_write)
