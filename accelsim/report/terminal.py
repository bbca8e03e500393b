"""The report in the terminal: headline, layers, cycle breakdown, and one sentence that reads them.

`TerminalReport` is a rich renderable: it asks the console for its width and encoding, drops the least important
columns where they do not fit (numbers are never wrapped or cut), and is plain ASCII where the encoding is not UTF.
"""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from accelsim.report.functional import functional_lines
from accelsim.report.palette import BOUND_COLOURS, BOUND_LABELS, CAUSE_COLOURS
from accelsim.report.summary import Headline, LayerRow, cause_rows, headline, layer_rows
from accelsim.report.tables import AnyColumn, BarColumn, Column, fitted_table
from accelsim.report.wording import layers_phrase, reading, short_name
from accelsim.result import Result
from accelsim.units import format_si

_NONE = "-"


class TerminalReport:
    """Everything that `accelsim run` prints of a result; print it with a rich console."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Headline panel, layer table, cause table, reading."""
        width, ascii_only = options.max_width, options.ascii_only
        head = headline(self._result)
        yield _panel(head, ascii_only)
        if self._result.functional is not None:
            yield Text("\nValues\n", style="bold")
            yield Text(_plain("\n".join(functional_lines(self._result.functional)), ascii_only))
        which = layers_phrase(self._result)
        yield Text(f"\n{which}, in execution order; bars: share of the run's cycles, coloured by bound\n", style="bold")
        columns = _layer_columns(layer_rows(self._result), head)
        yield fitted_table([_plain_column(column, ascii_only) for column in columns], width, ascii_only)
        yield Text("\nWhere the cycles go\n", style="bold")
        columns = _cause_columns(self._result)
        yield fitted_table([_plain_column(column, ascii_only) for column in columns], width, ascii_only)
        yield Text("\n" + _plain(reading(self._result), ascii_only))


def print_report(result: Result, console: Console | None = None) -> None:
    """Print the report of a result to a console, by default one on standard output."""
    (console or Console(highlight=False)).print(TerminalReport(result))


def _plain(text: str, ascii_only: bool) -> str:
    """The text with `?` for what the terminal cannot write."""
    return text.encode("ascii", "replace").decode("ascii") if ascii_only else text


def _plain_column(column: AnyColumn, ascii_only: bool) -> AnyColumn:
    if isinstance(column, BarColumn) or not ascii_only:
        return column
    return replace(column, heading=_plain(column.heading, True), cells=[_plain(cell, True) for cell in column.cells])


def _panel(head: Headline, ascii_only: bool) -> Panel:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for name, value in _headline_lines(head):
        grid.add_row(name, Text(_plain(value, ascii_only), style="bold" if name == "speed-up" else ""))
    title = Text(_plain(f" {short_name(head.workload)} on {short_name(head.hardware)} ", ascii_only))
    return Panel(grid, title=title, title_align="left", padding=(0, 1))


def _headline_lines(head: Headline) -> list[tuple[str, str]]:
    """Name and value of every line of the headline."""
    baseline = "no baseline was run"
    if head.speedup is not None:
        baseline = f"{head.speedup:.2f}x over {head.baseline}: {head.baseline_description}"
    latency = f"{head.latency_seconds * 1e3:.3f} ms at {format_si(head.clock_hz, 'Hz')} ({head.cycles:,} cycles)"
    if head.baseline_latency_seconds is not None:
        latency += f"; baseline {head.baseline_latency_seconds * 1e3:.3f} ms"
    dram = f"{head.dram_bytes_per_second / 1e9:.2f} GB/s, of an ideal memory without a peak"
    if head.dram_peak_bytes_per_second is not None and head.dram_fraction is not None:
        peak = head.dram_peak_bytes_per_second / 1e9
        dram = f"{head.dram_bytes_per_second / 1e9:.2f} of {peak:.2f} GB/s peak ({head.dram_fraction:.1%})"
    cores = "" if head.images == 1 else f", {head.images} cores with an image each"
    if head.cores_per_image > 1:
        image = "one image" if head.images == 1 else f"{head.images} images, each"
        cores = f", {image} on {head.cores_per_image} cores"
    return [
        ("precision", head.precision),
        ("speed-up", baseline),
        ("latency", latency),
        ("throughput", f"{head.frames_per_second:.1f} frames/s{cores}"),
        ("utilisation", f"{head.utilisation:.1%} of peak MACs at each layer's width"),
        ("DRAM", dram),
        ("DRAM traffic", f"{head.dram_bytes / 1e6:.2f} MB"),
        ("MACs", f"{head.macs:,} at {format_si(head.macs_per_second, 'MAC/s')}"),
    ]


def _number(value: float | None, form: str) -> str:
    return _NONE if value is None else format(value, form)


def _layer_columns(rows: list[LayerRow], head: Headline) -> list[AnyColumn]:
    results = [row.result for row in rows]
    largest = max((row.share for row in rows), default=0.0) or 1.0
    bars = BarColumn([row.share / largest for row in rows], [BOUND_COLOURS[result.bound] for result in results], 4)
    macs = [f"{result.macs / 1e6:,.1f}" if result.macs else _NONE for result in results]
    utilisations = [_number(row.utilisation, ".1%").rstrip("%") for row in rows]
    traffic = [f"{row.dram_bytes / 1e3:,.1f}" for row in rows]
    all_macs, all_traffic = sum(result.macs for result in results), sum(row.dram_bytes for row in rows)
    columns: list[AnyColumn] = [
        Column("layer", "", [short_name(result.name) for result in results], "total", left=True),
        Column("kind", "", [result.kind for result in results], drop=8, left=True),
        Column("bits", "", [row.precision for row in rows], drop=5, left=True),
        Column("MACs", "[M]", macs, f"{all_macs / 1e6:,.1f}", drop=7),
        Column("latency", "[cycles]", [f"{result.cycles:,}" for result in results], f"{head.cycles:,}"),
        Column("share", "[%]", [f"{row.share * 100:.1f}" for row in rows], "100.0", drop=2),
        bars,
        Column("util.", "[%]", utilisations, f"{head.utilisation * 100:.1f}", drop=3),
        Column("DRAM", "[kB]", traffic, f"{all_traffic / 1e3:,.1f}", drop=6),
        Column("bound", "", [BOUND_LABELS[result.bound] for result in results], drop=1, left=True),
    ]
    if head.speedup is not None:
        columns.append(Column("speed-up", "[x]", [_number(row.speedup, ".2f") for row in rows], f"{head.speedup:.2f}"))
    return columns


def _cause_columns(result: Result) -> list[AnyColumn]:
    rows, base, total = cause_rows(result), result.baseline, result.totals.cycles
    colours = [CAUSE_COLOURS[row.cause] for row in rows]
    largest = max(max(row.fraction, row.baseline_fraction or 0.0) for row in rows) or 1.0
    columns: list[AnyColumn] = [
        Column("cause", "", [row.label for row in rows], "total", left=True),
        Column("this run", "[cycles]", [f"{row.cycles:,}" for row in rows], f"{total:,}"),
        Column("share", "[%]", [f"{row.fraction * 100:.1f}" for row in rows], "100.0", drop=1),
        BarColumn([row.fraction / largest for row in rows], colours, 3),
    ]
    if base is not None:
        cycles = [_number(row.baseline_cycles, ",") for row in rows]
        shares = [_number(row.baseline_fraction, ".1%").rstrip("%") for row in rows]
        columns += [
            Column(short_name(base.name), "[cycles]", cycles, f"{base.totals.cycles:,}"),
            Column("share", "[%]", shares, "100.0", drop=2),
            BarColumn([(row.baseline_fraction or 0.0) / largest for row in rows], colours, 3),
        ]
    return columns
