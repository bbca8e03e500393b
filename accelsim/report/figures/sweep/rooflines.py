"""All points of a sweep under their roofs, and their latency against their baseline's with lines of equal speed-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from accelsim.report.figures.style import grid, new_figure
from accelsim.report.figures.sweep.series import add_heading, log_axis, series_legend, style_of
from accelsim.report.palette import GREY, INK

_ISO = (0.5, 1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class RoofPoint:
    """A point: its work and traffic, its latency and its baseline's, and the DRAM's peak (None: ideal)."""

    series: str
    macs: int
    dram_bytes: int
    seconds: float
    baseline_seconds: float
    peak_bytes_per_second: float | None


def draw_rooflines(points: Sequence[RoofPoint], title: str) -> Figure:
    """Left MACs per second over MACs per byte, right latency over the baseline's, with lines of equal speed-up."""
    names = list(dict.fromkeys(point.series for point in points))
    columns = min(6, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(9.2, 4.2 + 0.18 * rows, left=0.7, right=0.35, top=0.85, bottom=0.62 + 0.18 * rows)
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.25})
    for place, name in enumerate(names):
        colour, marker = style_of(place)
        mine = [point for point in points if point.series == name]
        look = {"s": 14, "color": colour, "marker": marker, "alpha": 0.6, "linewidths": 0}
        left.scatter(
            [point.macs / point.dram_bytes for point in mine],
            [point.macs / point.seconds / 1e9 for point in mine],
            **look,
        )
        right.scatter([point.baseline_seconds * 1e3 for point in mine], [point.seconds * 1e3 for point in mine], **look)
    for axes in (left, right):
        axes.margins(0.08)
        log_axis(axes.xaxis)
        log_axis(axes.yaxis)
        grid(axes, "both")
    _draw_roofs(left, sorted({point.peak_bytes_per_second for point in points if point.peak_bytes_per_second}))
    _draw_iso_lines(right)
    left.set_xlabel("arithmetic intensity [MAC/byte of DRAM traffic]")
    left.set_ylabel("throughput [GMAC/s]")
    right.set_xlabel("latency of the baseline [ms]")
    right.set_ylabel("latency [ms]")
    add_heading(figure, title, "left: under the DRAM's roofs; right: broken lines are of equal speed-up")
    series_legend(figure, names, columns)
    return figure


def _draw_roofs(axes: Axes, peaks: Sequence[float]) -> None:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    for peak in peaks:
        axes.plot([x0, x1], [x0 * peak / 1e9, x1 * peak / 1e9], color=INK, linewidth=0.9)
        x = np.sqrt(x0 * min(x1, y1 * 1e9 / peak))  # in the middle of what is seen of the line
        y = x * peak / 1e9
        if x0 < x < x1 and y0 < y < y1:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
            axes.text(x, y, f"{peak / 1e9:.3g} GB/s", ha="center", va="center", fontsize=7, bbox=box)
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)


def _draw_iso_lines(axes: Axes) -> None:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    for speedup in _ISO:
        low, high = max(x0, y0 * speedup), min(x1, y1 * speedup)
        if low >= high:
            continue
        axes.plot([low, high], [low / speedup, high / speedup], color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
        ends_at_top = high < x1  # else at the right; there the name stands outside, where no point is
        offset, side = ((0, 2), "center") if ends_at_top else ((2, 0), "left")
        axes.annotate(
            f"{speedup:g}x", (high, high / speedup), offset, textcoords="offset points", ha=side,
            va="bottom" if ends_at_top else "center", fontsize=7, color=INK, annotation_clip=False,
        )  # fmt: skip
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
