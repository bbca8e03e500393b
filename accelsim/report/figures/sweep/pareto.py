"""The designs in two objectives: those that nothing beats are joined and named, the others faint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.figure import Figure

from accelsim.report.figures.labels import Box, Mark, place_labels, to_points
from accelsim.report.figures.style import grid, new_figure
from accelsim.report.figures.sweep.series import add_heading, log_axis, series_legend, style_of

_LABELS = 14


@dataclass(frozen=True, slots=True)
class TradeOff:
    """A design: two objectives, its series, and its name if it is on the front."""

    x: float
    y: float
    series: str
    label: str = ""


def draw_pareto(designs: Sequence[TradeOff], title: str, x_name: str, y_name: str) -> Figure:
    """A mark for each design, coloured by series; at most 14 names of the front, evenly spread along it."""
    names = list(dict.fromkeys(design.series for design in designs))
    columns = min(6, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(8.2, 4.9 + 0.18 * rows, left=0.8, right=0.3, top=0.75, bottom=0.62 + 0.18 * rows)
    axes = figure.subplots()
    front = sorted((design for design in designs if design.label), key=lambda design: design.x)
    for place, name in enumerate(names):
        colour, marker = style_of(place)
        for on_front, size, alpha in ((False, 9, 0.3), (True, 26, 1.0)):
            chosen = [design for design in designs if design.series == name and bool(design.label) == on_front]
            x, y = [design.x for design in chosen], [design.y for design in chosen]
            axes.scatter(x, y, s=size, color=colour, marker=marker, alpha=alpha, linewidths=0, zorder=2 + on_front)
    axes.plot([design.x for design in front], [design.y for design in front], color="#555555", linewidth=0.8, zorder=1)
    for values, axis in (([d.x for d in designs], axes.xaxis), ([d.y for d in designs], axes.yaxis)):
        if min(values) > 0 and max(values) > 8 * min(values):
            log_axis(axis)
    axes.margins(x=0.1, y=0.1)
    grid(axes, "both")
    axes.set_xlabel(x_name)
    axes.set_ylabel(y_name)
    add_heading(figure, title, f"{len(designs)} designs; joined and named: those that no other beats in both")
    series_legend(figure, names, columns)
    step = max(1, -(-len(front) // _LABELS))
    marks = [
        Mark(*to_points(axes, design.x, design.y), 3.0, design.label if index % step == 0 else "")
        for index, design in enumerate(front)
    ]
    ends = [(mark.x, mark.y) for mark in marks]
    place_labels(axes, marks, [box for pair in pairwise(ends) for box in _along(*pair)], ())
    return figure


def _along(start: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """Small boxes along a line, so that no label lies on it."""
    shares = [step / 20 for step in range(21)]
    places = [(start[0] + s * (end[0] - start[0]), start[1] + s * (end[1] - start[1])) for s in shares]
    return [Box(x - 1, y - 1, x + 1, y + 1) for x, y in places]
