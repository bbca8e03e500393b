"""How latency and speed-up follow one quantity of the machine, such as the DRAM's bandwidth or the decoder lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from accelsim.report.figures.style import grid, new_figure
from accelsim.report.figures.sweep.series import add_heading, log_axis, series_legend, style_of
from accelsim.units import format_bytes

_MOST_SHADES = 4  # more of them would cover each other
#: x -> (latency in seconds, speed-up) of each design at x.
Series = Mapping[float, Sequence[tuple[float, float]]]


def draw_sensitivity(series: Mapping[str, Series], title: str, x_name: str) -> Figure:
    """Two panels, a line per series through the medians at each x; the shade spans all designs at that x."""
    columns = min(6, len(series))
    rows = -(-len(series) // columns)
    figure = new_figure(8.6, 3.7 + 0.18 * rows, left=0.7, right=0.2, top=0.75, bottom=0.62 + 0.18 * rows)
    panels = figure.subplots(1, 2, gridspec_kw={"wspace": 0.25})
    ticks = sorted({x for points in series.values() for x in points})
    for result, (axes, name) in enumerate(zip(panels, ("latency [ms]", "speed-up over the baseline"), strict=True)):
        for place, points in enumerate(series.values()):
            colour, marker = style_of(place)
            x = sorted(points)
            values = [np.array([pair[result] for pair in points[at]]) * (1.0 if result else 1e3) for at in x]
            axes.plot(x, [np.median(at) for at in values], color=colour, marker=marker, markersize=4, linewidth=1.1)
            if len(series) <= _MOST_SHADES:
                lowest, highest = [at.min() for at in values], [at.max() for at in values]
                axes.fill_between(x, lowest, highest, color=colour, alpha=0.08, linewidth=0)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(_tick))
        axes.set_xlabel(x_name)
        axes.set_ylabel(name)
        grid(axes, "both")
    log_axis(panels[0].yaxis)
    spread = any(len(designs) > 1 for points in series.values() for designs in points.values())
    shaded = "; shaded: from the lowest to the highest" if len(series) <= _MOST_SHADES else ""
    how = f"medians over all other parameters{shaded}" if spread else "each mark is one design"
    add_heading(figure, title, how)
    series_legend(figure, list(series), columns)
    return figure


def _tick(value: float, place: int) -> str:
    """A bandwidth in three digits, a capacity in binary units."""
    return f"{value:.3g}" if value < 2**12 else format_bytes(value).replace(".0 ", " ")
