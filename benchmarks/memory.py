"""How fast the DRAM model replays traces of 1 KB transactions: bursts of 64 bytes a second, reading the file included.

Run with `python -m benchmarks.memory`. Nothing is asserted: compare with numbers of the same machine before a change.
"""

from __future__ import annotations

import time

from accelsim.config.presets import load_dram
from accelsim.memory.replay import replay
from accelsim.memory.trace_file import parse_trace, trace_text
from benchmarks.validation.dram_patterns import divided, trace

PATTERNS = ("seq_read", "random_chunk_1024B", "two_reads_1GiB_apart_chunk_1024B", "read_write_1GiB_apart_chunk_4096B")
DRAMS = ("ddr4-2400", "ddr4-2400-bankgroup-low", "hbm2-1ch")


def bursts_per_second(dram: str, pattern: str) -> float:
    """One replay of a pattern in transactions of 1 KB."""
    lines = trace_text(divided(trace(pattern), 1024)).splitlines(keepends=True)
    preset = load_dram(dram)
    start = time.perf_counter()
    result = replay(parse_trace(lines, pattern), preset)
    return result.bursts / (time.perf_counter() - start)


def main() -> None:
    """Print a line for each DRAM and pattern: the best of three replays."""
    for dram in DRAMS:
        for pattern in PATTERNS:
            best = max(bursts_per_second(dram, pattern) for _ in range(3))
            print(f"{dram:26}{pattern:36}{best / 1e6:6.2f} M bursts/s")


if __name__ == "__main__":
    main()
