"""Where each layer's cycles go: the run and its baseline side by side, every bar stacked by cause."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
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
)
from accelsim.report.palette import CAUSE_COLOURS
from accelsim.result import CAUSE_LABELS, CAUSES, LayerResult, Result


def draw_breakdown(result: Result) -> Figure:
    """Horizontal stacked bars per layer, in thousands of cycles; each panel has a scale of its own and says so."""
    rows, note = shown_layers(result)
    base = result.baseline
    height = row_height(rows) + TITLE_INCHES + 1.3
    figure = new_figure(
        9.6 if base else 7.2, height, left=name_width(rows), right=0.25, top=TITLE_INCHES + 0.35, bottom=0.95
    )
    panels = figure.subplots(1, 2 if base else 1, squeeze=False, gridspec_kw={"wspace": 0.06})[0]
    layer_axis(panels[0], rows)
    _panel(panels[0], [row.result for row in rows], f"this run: {result.totals.cycles:,} cycles")
    if base is not None:
        layer_axis(panels[1], rows, names=False)
        _panel(panels[1], [row.baseline for row in rows], f"{base.name} baseline: {base.totals.cycles:,} cycles")
        note += f"; the two scales differ (speed-up {result.speedup:.2f}x)"
    add_titles(figure, result, "Where the cycles go", f"latency of every layer by cause, in execution order{note}")
    add_legend(figure, [patch(CAUSE_COLOURS[cause], CAUSE_LABELS[cause]) for cause in CAUSES], 4)
    return figure


def _panel(axes: Axes, layers: Sequence[LayerResult | None], title: str) -> None:
    left = [0.0] * len(layers)
    for cause in CAUSES:
        widths = [layer.breakdown[cause] / 1e3 if layer else 0.0 for layer in layers]
        right = [start + width for start, width in zip(left, widths, strict=True)]
        add_bars(axes, left, right, [CAUSE_COLOURS[cause]] * len(layers))
        left = right
    axes.set_xlim(0, max(left, default=0.0) * 1.03 or 1.0)
    axes.set_xlabel("latency [thousand cycles]")
    axes.set_title(title, loc="left", fontsize=9)
    grid(axes, "x")
