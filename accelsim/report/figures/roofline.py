"""The roofline with the layers on it: what each layer reaches, and what the array and the DRAM would allow."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from accelsim.report.figures.labels import FONT_POINTS, Box, Mark, place_labels, to_points
from accelsim.report.figures.style import add_legend, add_titles, grid, new_figure
from accelsim.report.palette import BOUND_COLOURS, BOUND_LABELS, BOUND_MARKERS, GREY, INK
from accelsim.report.summary import LayerRow, Roof, clock_hz, dram_bytes, layer_rows, peak_bandwidth, roofs, short_name
from accelsim.result import Result

_GIGA = 1e9
_LABELLED = 6
_AREA_POINTS = 9.0, 220.0  # square points of the smallest marker, and of the layer with the most cycles
_LINE_POINTS = 10.5  # height of one line of a roof's name
_LINE_CHARACTERS = 23  # what fits right of the axes
_DASHES = (0, (4, 2))


def draw_roofline(result: Result) -> Figure:
    """GMAC/s over MAC/byte, both logarithmic; a layer that does no MACs or moves no DRAM bytes has no place on it."""
    rows = sorted(
        (row for row in layer_rows(result) if row.intensity and row.result.cycles), key=lambda row: -row.share
    )
    lines, base = _merged_roofs(result), _baseline_points(result)
    figure = new_figure(8.2, 5.4, left=0.75, right=1.45, top=0.8, bottom=0.95)
    axes = figure.subplots()
    axes.set(xlabel="arithmetic intensity [MAC per DRAM byte]", ylabel="performance [GMAC/s]")
    _set_range(axes, rows, base, [roof for roof, _ in lines], peak_bandwidth(result))
    drawn, texts = _draw_roofs(axes, lines, peak_bandwidth(result))
    _draw_layers(axes, rows, base)
    place_labels(axes, _marks(axes, rows, base), drawn, texts)
    title = f"Roofline of {result.workload} on {result.hardware['name']}, {result.precision}"
    add_titles(figure, title, "marker area: share of the cycles; weights that came early lift a layer above the slope")
    add_legend(figure, _legend(result, rows), 6)
    return figure


def _merged_roofs(result: Result) -> list[tuple[Roof, bool]]:
    """Roofs lowest first, equal ones as one line, and whether any of the run's own layers is below it."""
    clock = clock_hz(result)
    labels = {roof.macs_per_second: [roof.label] for roof in roofs(result, clock)}
    own = set(labels)
    if result.baseline is not None:
        for roof in roofs(result.baseline, clock):
            labels.setdefault(roof.macs_per_second, []).append(f"{result.baseline.name} baseline")
    return [(Roof(", ".join(names), rate), rate in own) for rate, names in sorted(labels.items())]


def _baseline_points(result: Result) -> list[tuple[float, float]]:
    if result.baseline is None:
        return []
    layers = [layer for layer in result.baseline.layers if layer.macs and layer.cycles and dram_bytes(layer)]
    return [(layer.macs / dram_bytes(layer), layer.macs / layer.cycles * clock_hz(result)) for layer in layers]


def _set_range(
    axes: Axes, rows: Sequence[LayerRow], base: list[tuple[float, float]], lines: Sequence[Roof], peak: float | None
) -> None:
    points = [*base, *((row.intensity or 1.0, row.macs_per_second) for row in rows)]
    x = [point[0] for point in points] + [roof.macs_per_second / peak for roof in lines if peak]
    y = [point[1] for point in points] + [roof.macs_per_second for roof in lines]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(x, default=1.0) / 1.6, max(x, default=10.0) * 2.0)
    axes.set_ylim(min(y, default=_GIGA) / 1.8 / _GIGA, max(y, default=_GIGA) * 1.8 / _GIGA)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    grid(axes, "both")


def _draw_roofs(axes: Axes, lines: list[tuple[Roof, bool]], peak: float | None) -> tuple[list[Box], list[Box]]:
    """The compute roofs and the DRAM slope with their names; the boxes that lines and names in the axes cover."""
    left, right = axes.get_xlim()
    drawn: list[Box] = []
    free = -math.inf  # where the next name may start: names stand right of the axes, at their roofs or just above
    for roof, own in lines:
        rate = roof.macs_per_second / _GIGA
        ridge = max(roof.macs_per_second / peak, left) if peak else left
        style = {"color": INK} if own else {"color": GREY, "linestyle": _DASHES}
        axes.plot([ridge, right], [rate, rate], linewidth=1.2, **style)
        (x0, y0), (x1, _) = to_points(axes, ridge, rate), to_points(axes, right, rate)
        drawn.append(Box(x0, y0 - 1, x1, y0 + 1))
        name = [*textwrap.wrap(roof.label, _LINE_CHARACTERS), f"{rate:.0f} GMAC/s"]
        half = len(name) * _LINE_POINTS / 2
        lift = max(free + half - y0, 0.0)
        free = y0 + lift + half
        axes.annotate(
            "\n".join(name), (1, rate), xycoords=("axes fraction", "data"),
            xytext=(4, lift), textcoords="offset points", va="center", fontsize=FONT_POINTS,
        )  # fmt: skip
    if not (peak and lines):
        return drawn, []
    slope, along = _draw_slope(axes, peak / _GIGA, lines[-1][0].macs_per_second / peak)
    return drawn + slope, along


def _draw_slope(axes: Axes, gigabytes_per_second: float, ridge: float) -> tuple[list[Box], list[Box]]:
    """The bandwidth limit up to the highest roof and its name along it; small boxes that cover each."""
    left = max(axes.get_xlim()[0], axes.get_ylim()[0] / gigabytes_per_second)
    axes.plot([left, ridge], [left * gigabytes_per_second, ridge * gigabytes_per_second], color=INK, linewidth=1.2)
    (x0, y0), (x1, y1) = (to_points(axes, x, x * gigabytes_per_second) for x in (left, ridge))
    angle = math.atan2(y1 - y0, x1 - x0)
    middle = math.sqrt(left * ridge)
    text = f"DRAM peak: {gigabytes_per_second:.1f} GB/s"
    axes.annotate(
        text, (middle, middle * gigabytes_per_second), xytext=(-8 * math.sin(angle), 8 * math.cos(angle)),
        textcoords="offset points", ha="center", va="center", rotation=math.degrees(angle), fontsize=FONT_POINTS,
    )  # fmt: skip
    half_text = len(text) * 0.31 * FONT_POINTS / math.hypot(x1 - x0, y1 - y0)
    centres = [(step / 60, x0 + step / 60 * (x1 - x0), y0 + step / 60 * (y1 - y0)) for step in range(61)]
    line = [Box(x - 2, y - 2, x + 2, y + 2) for _, x, y in centres]
    return line, [Box(x - 14, y, x, y + 14) for step, x, y in centres if abs(step - 0.5) <= half_text]


def _draw_layers(axes: Axes, rows: Sequence[LayerRow], base: list[tuple[float, float]]) -> None:
    axes.scatter(
        [x for x, _ in base], [y / _GIGA for _, y in base], s=10, facecolors="none", edgecolors=GREY, linewidths=0.7
    )
    for bound, colour in BOUND_COLOURS.items():
        group = [row for row in rows if row.result.bound == bound]
        axes.scatter(
            [row.intensity or 1.0 for row in group], [row.macs_per_second / _GIGA for row in group],
            s=[_area(row, rows) for row in group], c=colour, marker=BOUND_MARKERS[bound], edgecolors="white",
            linewidths=0.6, alpha=0.9, zorder=3,
        )  # fmt: skip


def _area(row: LayerRow, rows: Sequence[LayerRow]) -> float:
    smallest, largest = _AREA_POINTS
    return max(row.share / rows[0].share * largest, smallest) if rows[0].share else smallest


def _marks(axes: Axes, rows: Sequence[LayerRow], base: list[tuple[float, float]]) -> list[Mark]:
    """Every point, the layers with the most cycles first and with their names."""
    marks = []
    for index, row in enumerate(rows):
        x, y = to_points(axes, row.intensity or 1.0, row.macs_per_second / _GIGA)
        marks.append(
            Mark(x, y, math.sqrt(_area(row, rows)) / 2, short_name(row.result.name) if index < _LABELLED else "")
        )
    for intensity, rate in base:
        x, y = to_points(axes, intensity, rate / _GIGA)
        marks.append(Mark(x, y, 2.0))
    return marks


def _legend(result: Result, rows: Sequence[LayerRow]) -> list[Line2D]:
    """Bounds that occur, and the baseline's points."""
    entries = [
        Line2D([], [], color=BOUND_COLOURS[bound], marker=BOUND_MARKERS[bound], linestyle="", label=f"{label}-bound")
        for bound, label in BOUND_LABELS.items()
        if any(row.result.bound == bound for row in rows)
    ]
    if result.baseline is not None:
        label = f"layer of the {result.baseline.name} baseline"
        entries.append(
            Line2D([], [], color=GREY, marker="o", markerfacecolor="none", markersize=4, linestyle="", label=label)
        )
    return entries
