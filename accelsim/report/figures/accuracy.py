"""Speed-up against measured accuracy: the designs of each method, after quantisation and after training on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from accelsim.report.figures.front import SERIES
from accelsim.report.figures.style import grid, new_figure
from accelsim.report.palette import GREY, INK

_WIDTH, _HEIGHT = 7.2, 4.8


@dataclass(frozen=True, slots=True)
class AccuracyPoint:
    """A design: who found it, its speed-up, its accuracy in percent, and what is written beside it."""

    origin: str
    speedup: float
    ptq: float
    qat: float | None = None
    label: str = ""
    is_chosen: bool = False


def draw_accuracy(points: Sequence[AccuracyPoint], floating: float, title: str, baseline: str, accuracy: str) -> Figure:
    """Hollow marks after quantisation, filled ones after training; the float network as a line, the choice ringed.

    `accuracy` says what the percentages are.
    """
    figure = new_figure(_WIDTH, _HEIGHT, left=0.75, right=0.25, top=0.95, bottom=0.55)
    figure.text(0.12 / _WIDTH, 1 - 0.12 / _HEIGHT, title, va="top", fontsize=11, fontweight="bold")
    axes = figure.subplots()
    handles = []
    for origin, (colour, marker, line, name) in SERIES.items():
        series = sorted((point for point in points if point.origin == origin), key=lambda point: point.speedup)
        if not series:
            continue
        speedups = [point.speedup for point in series]
        style: dict[str, Any] = {"marker": marker, "color": colour, "linewidth": 1, "markersize": 5.5}
        hollow = style | {"linestyle": line, "markerfacecolor": "white"}
        axes.plot(speedups, [point.ptq for point in series], **hollow)
        handles.append(Line2D([], [], label=name, **hollow))
        for point in series:
            if point.qat is not None:
                axes.plot([point.speedup] * 2, [point.ptq, point.qat], color=colour, linewidth=0.7, alpha=0.6)
                axes.plot([point.speedup], [point.qat], linestyle="", **style)
            if point.is_chosen:
                best = max(point.ptq, point.qat or 0)
                axes.plot([point.speedup], [best], "o", markersize=13, markerfacecolor="none", color=INK)
            axes.annotate(
                point.label, (point.speedup, point.ptq), (0, -12), textcoords="offset points", ha="center", fontsize=7.5
            )
    axes.axhline(floating, color=GREY, linewidth=0.9, linestyle="--", zorder=0)
    axes.annotate(
        f"float network: {floating:.2f}",
        (1, floating),
        (0, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=7.5,
    )
    axes.margins(x=0.08, y=0.12)
    axes.set_xlabel(f"simulated speed-up over {baseline} [x]")
    axes.set_ylabel(f"{accuracy} [%]")
    grid(axes, "both")
    marks = [
        Line2D([], [], linestyle="", marker="o", color=INK, markerfacecolor="white", markersize=5.5, label="PTQ"),
        Line2D([], [], linestyle="", marker="o", color=INK, markersize=5.5, label="QAT"),
        Line2D([], [], linestyle="", marker="o", color=INK, markerfacecolor="none", markersize=11, label="chosen"),
    ]
    figure.legend(
        handles=[*handles, *marks],
        loc="upper left",
        bbox_to_anchor=(0.01, 1 - 0.33 / _HEIGHT),
        ncols=3,
        columnspacing=1.5,
        labelcolor=INK,
    )
    axes.spines[["left", "bottom"]].set_color(GREY)
    return figure
