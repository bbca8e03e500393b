"""Speed-up against measured accuracy: the designs of each method, after quantisation and after training on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from accelsim.report.figures.front import SERIES
from accelsim.report.figures.style import add_heading, grid, new_figure
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
    add_heading(figure, title)
    axes = figure.subplots()
    handles = []
    for origin in SERIES:
        series = sorted((point for point in points if point.origin == origin), key=lambda point: point.speedup)
        if series:
            handles.append(_draw_series(axes, origin, series))
    _write_labels(axes, points)
    axes.axhline(floating, color=GREY, linewidth=0.9, linestyle="--", zorder=0)
    at_right = blended_transform_factory(axes.transAxes, axes.transData)
    axes.text(1, floating, f"float network: {floating:.2f}", transform=at_right, ha="right", va="bottom", fontsize=7.5)
    axes.margins(x=0.08, y=0.12)
    axes.set_xlabel(f"simulated speed-up over {baseline} [x]")
    axes.set_ylabel(f"{accuracy} [%]")
    grid(axes, "both")
    has_qat, has_choice = any(point.qat is not None for point in points), any(point.is_chosen for point in points)
    handles += [_mark("PTQ", "white"), *[_mark("QAT", INK)] * has_qat, *[_mark("chosen", "none", 11)] * has_choice]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.01, 1 - 0.33 / _HEIGHT),
        ncols=3,
        columnspacing=1.5,
        labelcolor=INK,
    )
    axes.spines[["left", "bottom"]].set_color(GREY)
    return figure


def _draw_series(axes: Axes, origin: str, series: Sequence[AccuracyPoint]) -> Line2D:
    """The marks of one method; returns its entry in the legend."""
    colour, marker, line, name = SERIES[origin]
    filled: dict[str, Any] = {"marker": marker, "color": colour, "linewidth": 1, "markersize": 5.5}
    hollow = filled | {"linestyle": line, "markerfacecolor": "white"}
    axes.plot([point.speedup for point in series], [point.ptq for point in series], **hollow)
    for point in series:
        if point.qat is not None:
            axes.plot([point.speedup] * 2, [point.ptq, point.qat], color=colour, linewidth=0.7, alpha=0.6)
            axes.plot([point.speedup], [point.qat], linestyle="", **filled)
        if point.is_chosen:
            best = max(point.ptq, point.qat or 0)
            axes.plot([point.speedup], [best], "o", markersize=13, markerfacecolor="none", color=INK)
    return Line2D([], [], label=name, **hollow)


def _write_labels(axes: Axes, points: Sequence[AccuracyPoint]) -> None:
    """The labels of points at about the same speed-up in one, below all marks that it would cover."""
    apart = 0.06 * (max(point.speedup for point in points) - min(point.speedup for point in points))
    groups: list[list[AccuracyPoint]] = []
    for point in sorted((point for point in points if point.label), key=lambda point: point.speedup):
        if groups and point.speedup - groups[-1][0].speedup <= apart:
            groups[-1].append(point)
        else:
            groups.append([point])
    for group in groups:
        labels = ", ".join(point.label for point in sorted(group, key=lambda point: -point.ptq))
        speedup = fmean(point.speedup for point in group)
        near = [point for point in points if abs(point.speedup - speedup) <= apart]
        lowest = min(percent for point in near for percent in (point.ptq, point.qat) if percent is not None)
        axes.annotate(labels, (speedup, lowest), (0, -13), textcoords="offset points", ha="center", fontsize=7.5)


def _mark(label: str, face: str, size: float = 5.5) -> Line2D:
    """A legend entry without a series."""
    return Line2D([], [], linestyle="", marker="o", color=INK, markerfacecolor=face, markersize=size, label=label)
