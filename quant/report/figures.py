"""The figures of a comparison, PNG and SVG each: the error of every layer, and how the formats use their codes.

Drawn with `Figure` objects, without pyplot and its global state. The same comparison gives the same bytes: no dates,
fixed identifiers, the font that comes with matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from quant.comparison import CodeUse, Comparison

INK, GREY, LIGHT_GREY = "#222222", "#9A9A9A", "#DDDDDD"
#: Okabe and Ito's colours (Color Universal Design, 2008), told apart with any colour vision; DyBit has one to itself.
_DYBIT = "#D55E00"
_COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")
_MARKERS = ("s", "^", "D", "v", "X", "P")
_LONGEST_NAME = 44
_ROW_INCHES, _CHARACTER_INCHES, _TITLE_INCHES = 0.19, 0.058, 0.62
_FEW_LEVELS = 16  # are labelled one by one
_DECADES_FROM = 20.0  # errors that span more than this ratio are on a logarithmic axis
_TYPOGRAPHY: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 8.5,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "text.color": INK,
    "text.parse_math": False,  # a layer may have a dollar sign in its name
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 7.5,
    "legend.frameon": False,
    "svg.hashsalt": "quant",
    "svg.fonttype": "none",
}


def write_figures(comparison: Comparison, granularity: str, directory: Path) -> list[Path]:
    """Write `rmse.*` and, if there are formats of at most 8 bits, `codes.*` into an existing directory."""
    with mpl.rc_context(_TYPOGRAPHY):
        figures = {"rmse": draw_rmse(comparison, granularity)}
        if comparison.code_use:
            figures["codes"] = draw_codes(comparison)
        return [path for name, figure in figures.items() for path in _save(figure, directory / name)]


def draw_rmse(comparison: Comparison, granularity: str) -> Figure:
    """A row for each layer from top to bottom, a marker for each format at its normalised RMSE, and a row of means."""
    names = [_short(layer.name) for layer in comparison.layers]
    left = 0.3 + _CHARACTER_INCHES * max(len("mean"), *map(len, names))
    rows = len(names) + 1.6
    legend_lines = math.ceil(len(comparison.formats) / 6)
    top, bottom = _TITLE_INCHES + 0.1 + 0.2 * legend_lines, 0.5
    figure = _new_figure(left + 6.0, top + bottom + rows * _ROW_INCHES, left, 0.25, top, bottom)
    axes = figure.subplots()
    places = [*range(len(names)), len(names) + 0.6]
    axes.set_ylim(places[-1] + 0.5, -0.5)
    axes.set_yticks(places, [*names, "mean"])
    axes.tick_params(axis="y", length=0)
    axes.hlines(places, 0, 1, transform=axes.get_yaxis_transform(), color=LIGHT_GREY, linewidth=0.6, zorder=0)
    axes.axhline(len(names) - 0.2, color=GREY, linewidth=0.8)
    styles = _styles(comparison.formats)
    for name in sorted(comparison.formats, key=lambda name: name.startswith("dybit")):  # DyBit lies on top
        values = [*(layer.nrmse[name] for layer in comparison.layers), comparison.mean_nrmse(name)]
        axes.plot(values, places, linestyle="", label=name, **styles[name])
    _error_axis(axes, [error for layer in comparison.layers for error in layer.nrmse.values()])
    _add_titles(
        figure, "Quantisation error by layer", f"RMSE over the root mean square of the weights; one scale {granularity}"
    )
    handles = [Line2D([], [], linestyle="", label=name, **styles[name]) for name in comparison.formats]
    height = figure.get_figheight()
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1 - (_TITLE_INCHES - 0.1) / height), ncols=6,
        handletextpad=0.2, columnspacing=1.4, borderpad=0.2,
    )  # fmt: skip
    return figure


def draw_codes(comparison: Comparison) -> Figure:
    """A panel for each format: the share of all numbers at each level, from the most negative to the largest."""
    columns = min(3, len(comparison.code_use))
    lines = math.ceil(len(comparison.code_use) / columns)
    width, height = max(0.75 + 3.1 * columns, 4.2), _TITLE_INCHES + 0.42 + 1.85 * lines
    figure = _new_figure(width, height, 0.6, 0.15, _TITLE_INCHES + 0.25, 0.62)
    alike = len({use.bits for use in comparison.code_use.values()}) == 1
    panels = figure.subplots(
        lines, columns, squeeze=False, sharey=alike, gridspec_kw={"hspace": 0.75, "wspace": 0.1 if alike else 0.2}
    )
    styles = _styles(comparison.formats)
    for axes, (name, use) in zip(panels.flat, comparison.code_use.items(), strict=False):
        _code_panel(axes, name, use, styles[name]["color"])
    for axes in panels.flat[len(comparison.code_use) :]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_ylabel("numbers [%]")
    _add_titles(figure, "How the formats use their codes", "share of all weights at each level, before scaling")
    return figure


def _code_panel(axes: Axes, name: str, use: CodeUse, colour: str) -> None:
    places = range(use.levels.size)
    axes.bar(places, use.shares * 100, width=0.82 if use.levels.size <= _FEW_LEVELS else 1.0, color=colour)
    axes.set_title(f"{name}: {use.entropy_bits:.2f} of {use.bits} bits used", loc="left", fontsize=9)
    shown = places if use.levels.size <= _FEW_LEVELS else [round(i * (use.levels.size - 1) / 8) for i in range(9)]
    axes.set_xticks(list(shown), [_level(use.levels[i]) for i in shown], rotation=90, fontsize=7)
    axes.tick_params(axis="x", length=2)
    axes.grid(True, axis="y", color=LIGHT_GREY, linewidth=0.6)


def _level(value: float) -> str:
    return f"{value:.3g}".replace("0.", ".", 1) if abs(value) < 1 and value else f"{value:.4g}"


def _error_axis(axes: Axes, errors: Sequence[float]) -> None:
    """From 0 where the errors are alike, else logarithmic; errors of 0 have no place on the latter."""
    positive = [error for error in errors if error > 0]
    axes.grid(True, axis="x", color=LIGHT_GREY, linewidth=0.6)
    axes.set_xlabel("normalised RMSE")
    if positive and max(positive) > _DECADES_FROM * min(positive):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, 1.06 * max(positive, default=1.0))


def _styles(formats: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Marker and colour of each format: DyBit full, the others hollow, so that one shows behind the other."""
    styles: dict[str, dict[str, Any]] = {}
    hollow: dict[str, Any] = {"markersize": 6.5, "markerfacecolor": "none", "markeredgewidth": 1.1}
    others = 0
    for name in formats:
        if name.startswith("dybit") and not any(other.startswith("dybit") for other in styles):
            styles[name] = {"marker": "o", "color": _DYBIT, "markersize": 5.5}
            continue
        turn, index = divmod(others, len(_COLOURS))
        marker, colour = _MARKERS[(index + turn) % len(_MARKERS)], _COLOURS[index]
        styles[name] = {"marker": marker, "color": colour, **hollow}
        others += 1
    return styles


def _new_figure(width: float, height: float, left: float, right: float, top: float, bottom: float) -> Figure:
    """A figure in inches with margins in inches."""
    figure = Figure(figsize=(width, height), dpi=120)
    figure.subplots_adjust(left=left / width, right=1 - right / width, top=1 - top / height, bottom=bottom / height)
    return figure


def _add_titles(figure: Figure, what: str, how_to_read: str) -> None:
    width, height = figure.get_figwidth(), figure.get_figheight()
    figure.text(0.12 / width, 1 - 0.1 / height, what, va="top", fontsize=11, fontweight="bold")
    figure.text(0.12 / width, 1 - 0.34 / height, how_to_read, va="top", color="#555555")


def _short(name: str) -> str:
    """A longer name by its beginning and its end: either may be what tells layers apart."""
    kept = (_LONGEST_NAME - 3) // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:kept]}...{name[-kept:]}"


def _save(figure: Figure, stem: Path) -> list[Path]:
    png, svg = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    figure.savefig(png, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
