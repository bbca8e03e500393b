"""Speed-up against error: what the exact and the greedy search reach, and what one width for all layers does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from accelsim.report.figures.style import add_heading, grid, new_figure
from accelsim.report.palette import GREY, INK

SERIES = {  # colour, marker, line, name in the legend
    "exact": ("#D55E00", "o", "-", "exact: the best there is"),
    "greedy": ("#0072B2", "v", "", "greedy"),
    "uniform": (INK, "X", "", "one width for all that is not pinned"),
}


@dataclass(frozen=True, slots=True)
class TradePoint:
    """An allocation: who found it, its speed-up, its error, how far that can be from the best, and its label."""

    origin: str
    speedup: float
    error: float
    gap: float | None = None
    label: str = ""


def draw_front(points: Sequence[TradePoint], title: str, baseline: str, quantity: str) -> Figure:
    """A mark for each point, errors (the sum of a quantity) on a logarithmic axis; below it the greedy ones' gap."""
    figure = new_figure(7.2, 5.8, left=0.75, right=0.25, top=0.75, bottom=0.55)
    add_heading(figure, title)
    trade, gaps = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1], "hspace": 0.08})
    for origin, (colour, marker, line, name) in SERIES.items():
        series = sorted((point for point in points if point.origin == origin), key=lambda point: point.speedup)
        speedups = [point.speedup for point in series]
        style = {"marker": marker, "linestyle": line, "color": colour, "linewidth": 1, "markersize": 5}
        if series:
            trade.plot(speedups, [point.error for point in series], label=name, **style)
        if origin == "greedy":
            gaps.plot(speedups, [100 * (point.gap or 0) for point in series], **style)
    _write_labels(trade, points)
    trade.margins(x=0.12)
    trade.set_yscale("log")
    trade.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    trade.set_ylabel(f"{quantity}, sum of all tensors")
    gaps.set_ylim(bottom=0)
    gaps.set_ylabel("greedy: gap\nto exact [%]")
    gaps.set_xlabel(f"simulated speed-up over {baseline}")
    for axes in (trade, gaps):
        grid(axes, "both")
        axes.spines[["left", "bottom"]].set_color(GREY)
    figure.legend(loc="upper left", bbox_to_anchor=(0.01, 1 - 0.33 / 5.8), ncols=3, columnspacing=1.5, labelcolor=INK)
    return figure


def _write_labels(axes: Axes, points: Sequence[TradePoint]) -> None:
    fastest = max(point.speedup for point in points)
    for point in points:
        offset, side = ((8, -8), "left") if 2 * point.speedup < fastest else ((-6, 6), "right")
        place = (point.speedup, point.error)
        axes.annotate(point.label, place, offset, textcoords="offset points", ha=side, fontsize=7.5)
