"""Speed-up over two parameters, in colour and in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from accelsim.report.figures.style import new_figure
from accelsim.report.figures.sweep.series import add_heading

_CELL_INCHES = (0.72, 0.36)


def draw_heat_map(
    cells: Mapping[tuple[str, str], float],
    rows: Sequence[str],
    columns: Sequence[str],
    titles: tuple[str, str, str],
    how_to_read: str,
) -> Figure:
    """A cell for each (row, column), empty where there is none; `titles` of the figure, the rows and the columns."""
    title, row_title, column_title = titles
    left = 0.75 + 0.075 * max(map(len, rows))
    longest = max(map(len, columns))
    slanted = longest > 9
    bottom = 0.45 + (0.04 * longest if slanted else 0.05)
    width = max(left + _CELL_INCHES[0] * len(columns) + 1.0, 6.4)
    figure = new_figure(
        width, 0.85 + _CELL_INCHES[1] * len(rows) + bottom, left=left, right=1.0, top=0.75, bottom=bottom
    )
    axes = figure.subplots()
    values = np.array([[cells.get((row, column), np.nan) for column in columns] for row in rows])
    image = axes.imshow(values, aspect="auto", cmap="viridis")
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value < middle else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=30 if slanted else 0, ha="right" if slanted else "center")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.set_xlabel(column_title)
    axes.set_ylabel(row_title)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.outline.set_visible(False)
    add_heading(figure, title, how_to_read)
    return figure
