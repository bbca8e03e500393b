"""Colours and marks for the series of a sweep's figures, and the heading above each."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from accelsim.report.figures.style import MEAN_WIDTH_EM
from accelsim.report.palette import INK
from accelsim.report.wording import clipped

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#9A9A9A")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")


def style_of(place: int) -> tuple[str, str]:
    """Colour and marker of a series; no two of the first forty look alike."""
    return _COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)]


def series_legend(figure: Figure, names: Sequence[str], columns: int) -> None:
    """A legend of all series in the lower margin."""
    handles = []
    for place, name in enumerate(names):
        colour, marker = style_of(place)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=5, linestyle="", label=name))
    figure.legend(handles=handles, loc="lower center", ncols=columns, columnspacing=1.4, handletextpad=0.2)


def log_axis(axis: Axis) -> None:
    """A logarithmic axis whose ticks are plain numbers: 1, 2, 5, 10, 20, 50 where there is room, else powers of ten."""
    axes = axis.axes
    (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 200 else (1.0,), numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def add_heading(figure: Figure, title: str, how_to_read: str) -> None:
    """What the figure shows, and how to read it, in the upper margin; cut where they do not fit."""
    width, height = figure.get_figwidth(), figure.get_figheight()
    for inches, text, points, weight in ((0.12, title, 11.0, "bold"), (0.36, how_to_read, 8.5, "normal")):
        fitting = clipped(text, int((width - 0.24) * 72 / (MEAN_WIDTH_EM * 1.06 * points)))
        figure.text(0.12 / width, 1 - inches / height, fitting, va="top", fontsize=points, fontweight=weight, color=INK)
