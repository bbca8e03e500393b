"""The roofline with the layers on it: what each layer reaches, and what the array and the DRAM would allow."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from accelsim.report.figures.labels import FONT_POINTS, Box, Mark, place_labels, text_box, to_points
from accelsim.report.figures.style import TITLE_INCHES, add_legend, add_titles, grid, new_figure
from accelsim.report.palette import BOUND_COLOURS, BOUND_LABELS, BOUND_MARKERS, GREY, INK
from accelsim.report.summary import LayerRow, Roof, clock_hz, dram_bytes, layer_rows, peak_bandwidth, roofs
from accelsim.report.wording import short_name
from accelsim.result import Result

_GIGA = 1e9
_FEW_DECADES = 300.0  # an axis that spans less has ticks between its decades
_LABELLED = 6
_AREA_POINTS = 9.0, 220.0  # square points of the smallest marker, and of the layer with the most cycles
_LINE_POINTS = 10.5  # height of one line of a roof's name
_LINE_CHARACTERS = 23  # what fits right of the axes
_SAME_PLACE_POINTS = 5.0  # markers closer than this have one name
_SLOPE_PLACES = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]  # where the slope's name may have its middle, the best first
_DASHES = (0, (4, 2))


def draw_roofline(result: Result) -> Figure:
    """GMAC/s over MAC/byte, both logarithmic; a layer that does no MACs or moves no DRAM bytes has no place on it."""
    all_rows, peak = layer_rows(result), peak_bandwidth(result)
    rows = sorted((row for row in all_rows if row.intensity and row.result.cycles), key=lambda row: -row.share)
    lines, base = _merged_roofs(result), _baseline_points(result)
    figure = new_figure(8.2, 5.4, left=0.75, right=1.45, top=TITLE_INCHES + 0.15, bottom=0.85)
    axes = figure.subplots()
    axes.set(xlabel="arithmetic intensity [MAC per DRAM byte]", ylabel="performance [GMAC/s]")
    _set_range(axes, rows, base, [roof for roof, _ in lines], peak)
    _draw_layers(axes, rows, base)
    marks = _marks(axes, rows, base)
    drawn, texts = _draw_roofs(axes, lines, peak), list[Box]()
    if peak and lines:
        slope, texts = _draw_slope(axes, peak / _GIGA, lines[-1][0].macs_per_second / peak, marks)
        drawn += slope
    place_labels(axes, marks, drawn, texts)
    absent = len(all_rows) - len(rows)
    note = f"; left out: {absent} without MACs or DRAM bytes" if absent else ""
    how_to_read = f"marker area: share of the cycles; above the slope: weights came early{note}"
    add_titles(figure, result, "Roofline", how_to_read)
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
    ridges = [roof.macs_per_second / peak for roof in lines if peak]
    x = [point[0] for point in points] + ridges + [ridge / 8 for ridge in ridges[-1:]]  # room for the slope's name
    y = [point[1] for point in points] + [roof.macs_per_second for roof in lines]
    axes.set_xlim(min(x, default=1.0) / 1.6, max(x, default=10.0) * 2.0)
    axes.set_ylim(min(y, default=_GIGA) / 1.8 / _GIGA, max(y, default=_GIGA) * 1.8 / _GIGA)
    _set_logarithmic(axes)
    grid(axes, "both")


def _set_logarithmic(axes: Axes) -> None:
    """Both axes with plain numbers at the decades, and at 2 and 5 between them where there are few decades."""
    axes.set(xscale="log", yscale="log")
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < _FEW_DECADES else (1.0,)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())


def _draw_roofs(axes: Axes, lines: list[tuple[Roof, bool]], peak: float | None) -> list[Box]:
    """The compute roofs, with their names right of the axes; the boxes that the lines cover."""
    left, right = axes.get_xlim()
    drawn: list[Box] = []
    free = -math.inf  # where the next name may start: names stand at their roofs or just above
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
    return drawn


def _draw_slope(
    axes: Axes, gigabytes_per_second: float, ridge: float, marks: Sequence[Mark]
) -> tuple[list[Box], list[Box]]:
    """The bandwidth limit up to the highest roof and its name along it, off the marks; small boxes that cover each."""
    left = max(axes.get_xlim()[0], axes.get_ylim()[0] / gigabytes_per_second)
    axes.plot([left, ridge], [left * gigabytes_per_second, ridge * gigabytes_per_second], color=INK, linewidth=1.2)
    (x0, y0), (x1, y1) = (to_points(axes, x, x * gigabytes_per_second) for x in (left, ridge))
    angle, length = math.atan2(y1 - y0, x1 - x0), math.hypot(x1 - x0, y1 - y0)
    name = f"DRAM peak: {gigabytes_per_second:.1f} GB/s"
    half_name = text_box(name, 0, 0, 0.5, 0).right / length
    covered = [mark.box for mark in marks]
    centres = [(step / 60, x0 + step / 60 * (x1 - x0), y0 + step / 60 * (y1 - y0)) for step in range(61)]

    def boxes_of_name(middle: float) -> list[Box]:
        return [Box(x - 12, y + 2, x, y + 14) for step, x, y in centres if abs(step - middle) <= half_name]

    def covered_marks(middle: float) -> int:
        boxes = boxes_of_name(middle)
        return sum(box.overlaps(mark) for mark in covered for box in boxes)

    middle = min(_SLOPE_PLACES, key=covered_marks)
    axes.annotate(
        name, (x0 + middle * (x1 - x0), y0 + middle * (y1 - y0)), xycoords="figure points",
        xytext=(-8 * math.sin(angle), 8 * math.cos(angle)), textcoords="offset points",
        ha="center", va="center", rotation=math.degrees(angle), fontsize=FONT_POINTS,
    )  # fmt: skip
    return [Box(x - 2, y - 2, x + 2, y + 2) for _, x, y in centres], boxes_of_name(middle)


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
    """Every point, the layers with the most cycles first and named; one name for layers that share a place."""
    places = [to_points(axes, row.intensity or 1.0, row.macs_per_second / _GIGA) for row in rows]
    groups: dict[int, int] = {}  # the first layer at a place, and how many are there
    for index, place in enumerate(places):
        first = next((known for known in groups if math.dist(places[known], place) < _SAME_PLACE_POINTS), index)
        groups[first] = groups.get(first, 0) + 1
    names = dict.fromkeys(range(len(rows)), "")
    for index, count in list(groups.items())[:_LABELLED]:
        names[index] = short_name(rows[index].result.name) + (f" and {count - 1} more" if count > 1 else "")
    marks = [
        Mark(x, y, math.sqrt(_area(row, rows)) / 2, names[index])
        for index, (row, (x, y)) in enumerate(zip(rows, places, strict=True))
    ]
    return marks + [Mark(*to_points(axes, intensity, rate / _GIGA), 2.0) for intensity, rate in base]


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
