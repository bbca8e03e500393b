"""Speed-up against error: what the exact and the greedy search reach, and what one width for all layers does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from accelsim.report.figures.style import grid, new_figure
from accelsim.report.palette import GREY, INK

_SERIES = {  # colour, marker, line, name in the legend
    "exact": ("#D55E00", "o", "-", "exact: the best there is"),
    "greedy": ("#0072B2", "v", "", "greedy"),
    "uniform": (INK, "X", "", "one width for all that is not pinned"),
}


@dataclass(frozen=True, slots=True)
class TradePoint:
    """An allocation: who found it, its speed-up, the sum of its noise-to-signal, and what is written beside it."""

    origin: str
    speedup: float
    error: float
    label: str = ""


def draw_front(points: Sequence[TradePoint], title: str, baseline: str) -> Figure:
    """A mark for each point, errors on a logarithmic axis; the exact ones joined."""
    figure = new_figure(7.2, 4.6, left=0.75, right=0.25, top=0.75, bottom=0.55)
    figure.text(0.12 / 7.2, 1 - 0.12 / 4.6, title, va="top", fontsize=11, fontweight="bold")
    axes = figure.subplots()
    fastest = max(point.speedup for point in points)
    for origin, (colour, marker, line, name) in _SERIES.items():
        series = sorted((point for point in points if point.origin == origin), key=lambda point: point.speedup)
        if not series:
            continue
        axes.plot(
            [point.speedup for point in series],
            [point.error for point in series],
            marker=marker,
            linestyle=line,
            color=colour,
            linewidth=1,
            markersize=5,
            label=name,
        )
        for point in series:
            place, in_left_half = (point.speedup, point.error), 2 * point.speedup < fastest
            offset, side = ((8, -8), "left") if in_left_half else ((-6, 6), "right")
            axes.annotate(point.label, place, offset, textcoords="offset points", ha=side, fontsize=7.5)
    axes.margins(x=0.12)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(f"simulated speed-up over {baseline}")
    axes.set_ylabel("sum of noise-to-signal of all tensors")
    grid(axes, "both")
    figure.legend(loc="upper left", bbox_to_anchor=(0.01, 1 - 0.33 / 4.6), ncols=3, columnspacing=1.5, labelcolor=INK)
    axes.spines[["left", "bottom"]].set_color(GREY)
    return figure
