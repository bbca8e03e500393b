"""What all figures share: typography, margins, titles, legends, bars by the row, and how they are saved."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from accelsim.report.palette import GREY, INK, LIGHT_GREY
from accelsim.report.summary import LayerRow, layer_rows
from accelsim.report.wording import clipped, layers_phrase, short_name
from accelsim.result import Result

DPI = 120
ROW_INCHES = 0.165
MOST_LAYERS = 160
TITLE_INCHES = 0.7
MEAN_WIDTH_EM = 0.58  # of a character of the bundled font
_BOLD_WIDTH_EM = 0.65
#: Bundled font and fixed identifiers, so that a figure is the same everywhere.
TYPOGRAPHY: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # the first draws the PNG, an SVG names them all
    "font.size": 8.5,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.hinting": "none",  # a quarter faster, and the same shapes at every size
    "text.parse_math": False,  # a layer may have a dollar sign in its name
    "legend.fontsize": 8,
    "legend.frameon": False,
    "svg.hashsalt": "accelsim",
    "svg.fonttype": "none",  # text stays text: half the time to write, and a reader can search for a layer
}


def new_figure(width: float, height: float, *, left: float, right: float, top: float, bottom: float) -> Figure:
    """A figure in inches with margins in inches: fixed, because layout engines draw everything one time more."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    figure.subplots_adjust(left=left / width, right=1 - right / width, top=1 - top / height, bottom=bottom / height)
    return figure


def add_titles(figure: Figure, result: Result, what: str, how_to_read: str) -> None:
    """What the figure shows of which run, the run's precision, and how to read the figure; cut where they do not fit.

    They take `TITLE_INCHES` of the upper margin.
    """
    width, height = figure.get_figwidth(), figure.get_figheight()
    lines = (
        (0.12, f"{what}: {result.workload} on {result.hardware['name']}", 11.0, INK, "bold", _BOLD_WIDTH_EM),
        (0.36, f"{result.precision}{_baseline_phrase(result)}", 8.5, INK, "normal", MEAN_WIDTH_EM),
        (0.53, how_to_read, 8.5, "#555555", "normal", MEAN_WIDTH_EM),
    )
    for inches, text, points, colour, weight, width_em in lines:
        fitting = clipped(text, int((width - 0.24) * 72 / (width_em * points)))
        figure.text(
            0.12 / width, 1 - inches / height, fitting, va="top", fontsize=points, color=colour, fontweight=weight
        )


def add_heading(figure: Figure, title: str, note: str = "") -> None:
    """A title of a figure that is not of one run, and a line below it, in the upper margin."""
    width, height = figure.get_figwidth(), figure.get_figheight()
    figure.text(0.12 / width, 1 - 0.12 / height, title, va="top", fontsize=11, fontweight="bold")
    if note:
        figure.text(0.12 / width, 1 - 0.36 / height, note, va="top", color="#555555")


def _baseline_phrase(result: Result) -> str:
    """What the run is measured against, and whose layers these are when there are several cores."""
    against = f"; baseline: {result.baseline.name}" if result.baseline else ""
    which = layers_phrase(result).lower()
    return against + (f"; {which}" if which != "layers" else "")


def add_legend(figure: Figure, handles: Sequence[Artist], columns: int) -> None:
    """A legend in the figure's lower margin, where no data can be."""
    figure.legend(
        handles=handles, loc="lower center", ncols=columns, handlelength=1.2, columnspacing=1.6, borderpad=0.2
    )


def patch(colour: str, label: str) -> Patch:
    """A legend entry for a coloured area."""
    return Patch(facecolor=colour, label=label)


def grid(axes: Axes, axis: str) -> None:
    """Light lines to read values by."""
    axes.grid(True, axis=axis, color=LIGHT_GREY, linewidth=0.6)  # type: ignore[arg-type]


def shown_layers(result: Result) -> tuple[list[LayerRow], str]:
    """The layers that a figure with one row per layer shows, and a note when these are not all of them."""
    rows = layer_rows(result)
    if len(rows) <= MOST_LAYERS:
        return rows, ""
    smallest = sorted(rows, key=lambda row: row.result.cycles)[-MOST_LAYERS].result.cycles
    kept = [row for row in rows if row.result.cycles >= smallest][:MOST_LAYERS]
    return kept, f"; the {MOST_LAYERS} longest of {len(rows)} layers"


def row_height(rows: Sequence[LayerRow]) -> float:
    """Inches that one row per layer takes."""
    return max(len(rows), 4) * ROW_INCHES


def name_width(rows: Sequence[LayerRow]) -> float:
    """Inches that the longest layer name takes left of the axes."""
    return 0.25 + max((len(short_name(row.result.name)) for row in rows), default=0) * 0.064


def layer_axis(axes: Axes, rows: Sequence[LayerRow], *, names: bool = True) -> None:
    """One row per layer from top to bottom in execution order; names are texts, which cost a tenth of ticks."""
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([])
    for index, row in enumerate(rows if names else ()):
        side_text(axes, index, short_name(row.result.name), -0.05)


def side_text(axes: Axes, row: int, text: str, inches: float) -> None:
    """A text beside a row that ends `inches` from the axes: left of them when negative, else right."""
    shift = ScaledTranslation(inches, 0, axes.figure.dpi_scale_trans)
    place = blended_transform_factory(axes.transAxes, axes.transData) + shift
    axes.text(0 if inches < 0 else 1, row, text, transform=place, ha="right", va="center_baseline", fontsize=7)


def add_bars(axes: Axes, left: Sequence[float], right: Sequence[float], colours: Sequence[str]) -> None:
    """One horizontal bar per row from `left` to `right`; all of a colour are one path: hundreds would be slow."""
    for colour in dict.fromkeys(colours):
        rows = np.flatnonzero([other == colour for other in colours])
        x0, x1 = np.asarray(left)[rows], np.asarray(right)[rows]
        x = np.stack([x0, x1, x1, x0], axis=1)
        y = np.stack([rows - 0.38, rows - 0.38, rows + 0.38, rows + 0.38], axis=1)
        bars = Path.make_compound_path_from_polys(np.stack([x, y], axis=2))
        axes.add_artist(PathPatch(bars, facecolor=colour, linewidth=0))


def save(figure: Figure, directory: pathlib.Path, name: str) -> list[pathlib.Path]:
    """Write `name.png` and `name.svg` without dates or program versions."""
    png, svg = directory / f"{name}.png", directory / f"{name}.svg"
    figure.savefig(png, metadata={"Software": None}, pil_kwargs={"compress_level": 1})  # as small as 6, and faster
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
