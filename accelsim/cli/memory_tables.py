"""The replay of a trace for people: what the bus did, and what each initiator got."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from accelsim.memory.result import Latency, MemoryResult


def memory_tables(result: MemoryResult) -> list[RenderableType]:
    """A line for the whole, and a row for each initiator."""
    head = Text.assemble(
        (f"{result.dram}", "bold"),
        f": {result.transactions:,} transactions, {result.bytes:,} bytes in {result.clocks:,} clocks",
        f" ({result.seconds * 1e6:,.1f} µs, {result.bytes_per_second / 1e9:.2f} GB/s)\n",
        f"data bus used {result.bus_efficiency:.1%} of the time; bursts: {result.row_hits:,} row hits, ",
        f"{result.row_misses:,} misses, {result.row_conflicts:,} conflicts",
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("initiator", header_style="dim")
    for name in ("transactions", "bytes", "GB/s", "latency in clocks: mean", "50 %", "90 %", "99 %", "most"):
        table.add_column(name, header_style="dim", justify="right")
    for name, share in result.initiators.items():
        cells = (f"{share.transactions:,}", f"{share.bytes:,}", f"{share.bytes_per_second / 1e9:.2f}")
        table.add_row(Text(name, style="cyan"), *cells, *_latency_cells(share.latency_clocks))
    return [head, table]


def _latency_cells(latency: Latency) -> tuple[str, ...]:
    return tuple(f"{value:,.0f}" for value in (latency.mean, latency.p50, latency.p90, latency.p99, latency.max))
