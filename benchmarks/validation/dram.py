"""The DRAM model, burst by burst, against DRAMsim3: bus efficiency of access patterns."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

from accelsim.config.presets import load_dram
from accelsim.memory.replay import replay
from accelsim.memory.result import MemoryResult
from benchmarks.validation.comparison import Comparison, percent
from benchmarks.validation.dram_patterns import PRESETS, divided, trace

MEASURED = Path(__file__).parent / "data" / "dramsim3.csv"

#: DRAMsim3's own clocks of a pattern differ by more than this with the clock at which it starts.
UNSTEADY = 1.02


class Row(NamedTuple):
    """One measurement: which DRAM, which pattern, and the share of the clocks in which the bus moves data.

    `spread` is how many times as long the longest of eight runs took as the shortest, which start 0, 1, 3, 8, 21, 55,
    144 and 377 clocks after the reset; 1 where nobody looked.
    """

    config: str
    pattern: str
    bus_efficiency: float
    spread: float = 1


def rows(path: Path) -> list[Row]:
    """The measurements of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["config"],
                row["pattern"],
                float(row["bus_efficiency"]),
                int(row["most_clocks"]) / int(row["least_clocks"]) if "most_clocks" in row else 1,
            )
            for row in csv.DictReader(file)
        ]


def modelled(row: Row, most_bytes: int = 2**30) -> MemoryResult:
    """The same pattern on the model, in transactions of a chunk or of at most so many bytes."""
    return replay(divided(trace(row.pattern), most_bytes), load_dram(PRESETS[row.config]))


def relative_error(row: Row) -> float:
    """(modelled - measured) / measured."""
    return modelled(row).bus_efficiency / row.bus_efficiency - 1


def bound_of(pattern: str) -> float:
    """The error aimed at: 10 % from chunks of 1 KB on, 15 % below."""
    sizes = [int(size) for size in re.findall(r"(\d+)B", pattern)]
    return 0.10 if not sizes or sizes[0] >= 1024 else 0.15


def compare() -> Comparison:
    """All rows, and those beyond the bound one by one."""
    measured = rows(MEASURED)
    errors = {row: relative_error(row) for row in measured}
    columns = (
        "DRAM",
        "cases",
        "mean error",
        "worst error",
        "pattern of the worst",
        "patterns that depend on the start",
    )
    table = [f"| {' | '.join(columns)} |", "|---|---|---|---|---|---|"]
    for config, preset in PRESETS.items():
        mine = {row: abs(error) for row, error in errors.items() if row.config == config}
        worst = max(mine, key=lambda row: mine[row])
        mean = sum(mine.values()) / len(mine)
        unsteady = [row.spread for row in mine if row.spread > UNSTEADY]
        spread = f"{len(unsteady)}, by up to {percent(max(unsteady) - 1)}" if unsteady else "-"
        cells = (preset, str(len(mine)), percent(mean), percent(mine[worst]), worst.pattern, spread)
        table.append(f"| {' | '.join(cells)} |")
    beyond = [(row, error) for row, error in errors.items() if abs(error) > bound_of(row.pattern)]
    table += ["", f"Beyond the bound (10 %, below 1 KB 15 %): {len(beyond) or 'none'}."]
    if beyond:
        table += ["", "| DRAM | pattern | DRAMsim3 | error |", "|---|---|---|---|"]
    table += [
        f"| {PRESETS[row.config]} | {row.pattern} | {row.bus_efficiency:.3f} | {error:+.1%} |" for row, error in beyond
    ]
    return Comparison("dram", "DRAM, bus efficiency", "DRAMsim3", list(errors.values()), table)
