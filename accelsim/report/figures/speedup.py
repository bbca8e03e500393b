"""How much faster each layer is than in the baseline, with the whole network's speed-up as a line."""

from __future__ import annotations

from matplotlib.figure import Figure

from accelsim.report.figures.style import (
    TITLE_INCHES,
    add_bars,
    add_legend,
    add_titles,
    grid,
    layer_axis,
    name_width,
    new_figure,
    patch,
    row_height,
    shown_layers,
    side_text,
)
from accelsim.report.palette import BOUND_COLOURS, BOUND_LABELS, INK
from accelsim.result import Result


def draw_speedup(result: Result) -> Figure:
    """Horizontal bars, coloured by what binds the layer in the run; ValueError without a baseline."""
    if result.baseline is None or result.speedup is None:
        raise ValueError("a speed-up needs a baseline")
    rows, note = shown_layers(result)
    figure = new_figure(
        7.0, row_height(rows) + 1.8, left=name_width(rows), right=0.65, top=TITLE_INCHES + 0.3, bottom=0.8
    )
    axes = figure.subplots()
    layer_axis(axes, rows)
    values = [row.speedup or 0.0 for row in rows]
    add_bars(axes, [0.0] * len(rows), values, [BOUND_COLOURS[row.result.bound] for row in rows])
    axes.axvline(result.speedup, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.set_xlim(0, max([*values, result.speedup]) * 1.04)
    axes.set_xlabel(f"speed-up over the {result.baseline.name} baseline [x]")
    grid(axes, "x")
    for index, row in enumerate(rows):  # beside the bars and not at their ends, where they would cross the line
        side_text(axes, index, "-" if row.speedup is None else f"{row.speedup:.2f}x", 0.45)
    axes.annotate(
        f"network {result.speedup:.2f}x", (result.speedup, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", fontweight="bold",
    )  # fmt: skip
    add_titles(figure, result, "Speed-up of every layer", f"colour: what binds the layer in this run{note}")
    bounds = [bound for bound in BOUND_COLOURS if any(row.result.bound == bound for row in rows)]
    add_legend(figure, [patch(BOUND_COLOURS[bound], f"{BOUND_LABELS[bound]}-bound") for bound in bounds], 6)
    return figure
