"""What `accelsim sweep` prints for people: the best designs, the Pareto front, what matters, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from accelsim.explore.sweeps.rows import Counts
from accelsim.explore.sweeps.table import Design, SweepTable, short
from accelsim.report.bars import bar
from accelsim.report.tables import Column, fitted_table
from accelsim.units import format_si

_SHOWN_DESIGNS, _SHOWN_EFFECTS, _SHOWN_FAILURES = 20, 8, 5
_BAR_CELLS = 20
_OF_BASELINES = ("buffers", "clock_hz", "dram", "interconnect", "vector")


def sweep_report(table: SweepTable, name: str) -> Iterator[RenderableType]:
    """The whole report of a sweep."""
    yield Text(headline(table, name))
    if table.designs:
        yield DesignsTable(f"Best by {table.objectives[0]}", table.best(), table.parameters)
        front = table.pareto
        title = f"Pareto front: {', '.join(table.objectives)}"
        if len(front) > _SHOWN_DESIGNS:
            title += f" ({_SHOWN_DESIGNS} of {len(front)} designs)"
        yield DesignsTable(title, front[:_SHOWN_DESIGNS], table.parameters)
        yield baselines_table(table)
    if table.effects:
        yield effects_table(table)
    if table.failed:
        yield failures_table(table)


def headline(table: SweepTable, name: str) -> str:
    """How many points, and how fast."""
    rate = table.computed / table.wall_seconds if table.wall_seconds else 0.0
    text = f"{name}: {len(table.rows):,} points, {table.computed:,} simulated in {table.wall_seconds:.1f} s"
    return text + f" ({rate:.1f} points/s), {table.reused:,} from the store, {table.failed:,} failed"


class DesignsTable:
    """A row for each design: bits, those parameters that differ among the designs, then what it costs and brings.

    On a narrow terminal the least important columns go.
    """

    def __init__(self, title: str, designs: Sequence[Design], parameters: Collection[str], *, networks: bool = False):
        self._title, self._designs, self._networks = title, designs, networks
        named = [path for path in parameters if path not in ("hardware", "bits")]
        held = {path: {repr(design.parameters.get(path)) for design in designs} for path in named}
        self._varying = [path for path, values in held.items() if len(values) > 1]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The title and the table."""
        yield Text(f"\n{self._title}\n", style="bold")
        yield fitted_table([*self._columns()], options.max_width, options.ascii_only)

    def _columns(self) -> Iterator[Column]:
        designs = self._designs
        if self._networks:
            yield Column("network", "", [design.rows[0].workload for design in designs], left=True)
        yield Column("bits", "", [design.bits for design in designs], left=True)
        for path in self._varying:
            values = [short(design.parameters.get(path)) for design in designs]
            yield Column(path.rpartition(".")[2], "", values)
        yield Column("speed-up", "[x]", [f"{design.speedup:.2f}" for design in designs])
        yield Column("latency", "[ms]", [f"{design.seconds * 1e3:.3f}" for design in designs], drop=1)
        yield Column("error", "", [f"{design.error:.3g}" for design in designs], drop=2)
        yield Column("w bits", "mean", [f"{design.average_bits:.2f}" for design in designs], drop=5)
        yield Column("traffic", "[MB]", [f"{design.dram_bytes / 1e6:.1f}" for design in designs], drop=4)
        yield Column("array", "[mm2]", [f"{design.array_area_mm2:.2f}" for design in designs], drop=3)


def baselines_table(table: SweepTable) -> Table:
    """What each baseline was, and how many points were measured against it."""
    rows = {row.baseline: row for row in table.rows if row.baseline_cycles is not None}
    points = Counter(row.baseline for row in table.rows)
    kind = next((row.baseline_kind for row in rows.values()), "")
    shown = _table(f"Baselines: {kind} on the same machine")
    for heading in ("network", "array", "memory and buffers", "cycles", "latency", "points"):
        shown.add_column(heading, header_style="dim", justify="left" if heading[0] in "nm" else "right")
    ordered = sorted(rows.values(), key=lambda row: (row.workload, row.baseline_seconds or 0.0))
    for row in ordered[:_SHOWN_DESIGNS]:
        others = {path: row.parameters[path] for path in table.parameters if path.startswith(_OF_BASELINES)}
        shown.add_row(
            row.workload,
            row.baseline_array or "",
            " ".join(f"{path.rpartition('.')[2]}={short(value)}" for path, value in others.items()) or row.hardware,
            f"{row.baseline_cycles:,}",
            f"{(row.baseline_seconds or 0.0) * 1e3:.2f} ms",
            str(points[row.baseline]),
        )
    return shown


def effects_table(table: SweepTable) -> Table:
    """The share of the variance of log speed-up that parameters and pairs explain."""
    shown = _table("What matters: share of the variance of the logarithm of the speed-up")
    for heading in ("parameter or pair", "share", ""):
        shown.add_column(heading, header_style="dim", justify="right" if heading == "share" else "left")
    for effect in table.effects[:_SHOWN_EFFECTS]:
        shown.add_row(" x ".join(effect.parameters), f"{effect.share:.1%}", bar(effect.share, _BAR_CELLS))
    return shown


def failures_table(table: SweepTable) -> Table:
    """The commonest messages of failed points."""
    messages = Counter(row.message for row in table.rows if row.failed)
    shown = _table(f"Failed: {table.failed:,} points")
    shown.add_column("points", header_style="dim", justify="right")
    shown.add_column("message", header_style="dim", overflow="fold")
    for message, count in messages.most_common(_SHOWN_FAILURES):
        shown.add_row(str(count), Text(message))
    return shown


def counts_table(counts: Sequence[Counts]) -> Table:
    """What a store holds of each network."""
    shown = _table("Points")
    for heading in Counts._fields:
        shown.add_column(
            heading.replace("_", " "), header_style="dim", justify="left" if heading == "model" else "right"
        )
    for count in counts:
        shown.add_row(*map(str, count[:-1]), format_si(count.cpu_seconds, "s"))
    return shown


def parameters_table(parameters: Mapping[str, Sequence[Any]]) -> Table:
    """Parameters and their values."""
    return axes_table(parameters, "What varied")


def axes_table(axes: Mapping[str, Sequence[Any]], title: str = "Axes") -> Table:
    """Names, how many values, and the values."""
    shown = _table(title)
    shown.add_column("parameter", header_style="dim")
    shown.add_column("values", header_style="dim", justify="right")
    shown.add_column("", overflow="fold")
    for name, values in axes.items():
        shown.add_row(name, str(len(values)), ", ".join(map(short, values)))
    return shown


def points_table(points: Sequence[Mapping[str, Any]]) -> Table:
    """A few points, a row each."""
    shown = _table("First points")
    for name in points[0] if points else ():
        shown.add_column(name, header_style="dim", overflow="fold")
    for point in points:
        shown.add_row(*map(short, point.values()))
    return shown


def _table(title: str) -> Table:
    return Table(
        title=Text(f"\n{title}", style="bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
