"""What all figures share: typography, margins, titles, legends, bars by the row, and how they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from accelsim.report.palette import GREY, INK, LIGHT_GREY
from accelsim.report.summary import LayerRow, layer_rows, short_name
from accelsim.result import Result

DPI = 120
ROW_INCHES = 0.165
MOST_LAYERS = 160
#: Bundled font and fixed identifiers, so that a figure is the same everywhere.
TYPOGRAPHY: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
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
}


def new_figure(width: float, height: float, *, left: float, right: float, top: float, bottom: float) -> Figure:
    """A figure in inches with margins in inches: fixed, because layout engines draw everything one time more."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    figure.subplots_adjust(left=left / width, right=1 - right / width, top=1 - top / height, bottom=bottom / height)
    return figure


def add_titles(figure: Figure, title: str, subtitle: str) -> None:
    """What the figure is about, and below it how to read it."""
    height = figure.get_figheight()
    figure.text(0.12 / figure.get_figwidth(), 1 - 0.12 / height, title, va="top", fontsize=11, fontweight="bold")
    figure.text(0.12 / figure.get_figwidth(), 1 - 0.36 / height, subtitle, va="top", color="#555555")


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


def add_bars(axes: Axes, left: Sequence[float], right: Sequence[float], colours: Sequence[str] | str) -> None:
    """One horizontal bar per row from `left` to `right`, as a single artist: hundreds of patches would be slow."""
    rows = np.arange(len(left))
    x = np.stack([left, right, right, left], axis=1)
    y = np.stack([rows - 0.38, rows - 0.38, rows + 0.38, rows + 0.38], axis=1)
    bars = PolyCollection(list(np.stack([x, y], axis=2)), facecolors=colours, linewidths=0)
    axes.add_collection(bars, autolim=False)


def save(figure: Figure, directory: Path, name: str) -> list[Path]:
    """Write `name.png` and `name.svg` without dates or program versions."""
    png, svg = directory / f"{name}.png", directory / f"{name}.svg"
    figure.savefig(png, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
