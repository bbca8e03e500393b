"""All parameters and results of all designs at once: a line for each design across upright axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from accelsim.report.figures.style import new_figure
from accelsim.report.figures.sweep.series import add_heading
from accelsim.report.palette import GREY, INK

_MOST_TICKS = 12


@dataclass(frozen=True, slots=True)
class Upright:
    """One axis: its name, a place from 0 to 1 for each design, and what some places are called."""

    name: str
    places: Sequence[float]
    ticks: Sequence[tuple[float, str]]


def draw_parallel(uprights: Sequence[Upright], colour_by: Sequence[float], title: str, colour_name: str) -> Figure:
    """A line per design, coloured by a result; those with the highest value are drawn last and strongest."""
    figure = new_figure(1.15 * len(uprights) + 1.9, 4.4, left=0.55, right=1.35, top=1.0, bottom=0.3)
    axes = figure.subplots()
    order = np.argsort(colour_by)
    heights = np.array([upright.places for upright in uprights]).T[order]
    lines = np.stack([np.broadcast_to(np.arange(len(uprights)), heights.shape), heights], axis=-1)
    values = np.array(colour_by)[order]
    norm = Normalize(values.min(), values.max())
    alpha = min(0.9, max(0.08, 60 / len(values)))
    collection = LineCollection(list(lines), cmap="viridis", norm=norm, linewidths=0.9, alpha=alpha)
    collection.set_array(values)
    axes.add_collection(collection)
    for place, upright in enumerate(uprights):
        axes.axvline(place, color=GREY, linewidth=0.8)
        axes.text(place, 1.05, upright.name, ha="center", va="bottom", fontsize=8, fontweight="bold", color=INK)
        step = max(1, -(-len(upright.ticks) // _MOST_TICKS))
        for height, text in upright.ticks[::step]:
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
            axes.text(place + 0.03, height, text, va="center", fontsize=7, color=INK, bbox=box)
    axes.set_xlim(-0.05, len(uprights) - 0.6)
    axes.set_ylim(-0.05, 1.05)
    axes.axis("off")
    bar = figure.colorbar(collection, ax=axes, fraction=0.03, pad=0.01, label=colour_name)
    assert bar.solids is not None
    bar.solids.set_alpha(1.0)
    bar.outline.set_visible(False)
    add_heading(figure, title, f"{len(values)} designs, a line each, coloured by {colour_name}")
    return figure
