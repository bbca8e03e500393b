"""Draws docs/figures/dybit_codes.png and .svg, the figure of docs/dybit.md: python docs/figures/dybit_codes.py"""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from accelsim.report.figures.style import TYPOGRAPHY, add_heading, grid, new_figure, save
from accelsim.report.palette import BOUND_COLOURS, GREY, INK
from quant import get_format
from quant.scale_error import Levels
from quant.scaling import choose_scales

REACH = 8.0  # of the x axis, in standard deviations
COUNT = 2**15
DYBIT, INTEGER, DENSITY = BOUND_COLOURS["dram"], BOUND_COLOURS["vector_unit"], BOUND_COLOURS["fill_drain"]
STRIPS = {"dybit2": DYBIT, "dybit3": DYBIT, "dybit4": DYBIT, "int4": INTEGER, "dybit8": DYBIT, "int8": INTEGER}

# Name, density and numbers, all with standard deviation 1.
DISTRIBUTIONS = (
    ("Gaussian", lambda x: np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi), lambda rng: rng.standard_normal(COUNT)),
    ("Laplace", lambda x: np.exp(-(2**0.5) * np.abs(x)) / 2**0.5, lambda rng: rng.laplace(size=COUNT) / 2**0.5),
    ("Student-t(3)", lambda x: 2 / (math.pi * (1 + x**2) ** 2), lambda rng: rng.standard_t(3, COUNT) / math.sqrt(3)),
)  # fmt: skip


def draw() -> Figure:
    """Above, the density; below, for each format the values of its codes at the scale of least error."""
    figure = new_figure(9.0, 4.4, left=0.75, right=0.5, top=0.85, bottom=0.5)
    upper, lower = figure.subplots(
        2, 3, sharex=True, height_ratios=(1, 1.25), gridspec_kw={"wspace": 0.28, "hspace": 0.08}
    )
    for column, (name, density, numbers) in enumerate(DISTRIBUTIONS):
        draw_density(upper[column], name, density(np.linspace(-REACH, REACH, 801)))
        draw_codes(lower[column], numbers(np.random.default_rng(0)), names=column == 0)
    upper[0].set_ylabel("density")
    lower[1].set_xlabel("number, in standard deviations")
    title = "Where signed DyBit has its codes, and where the numbers are"
    note = (
        "each format at its scale of least squared error; on the right, the largest value when it lies beyond the axis"
    )
    add_heading(figure, title, note)
    return figure


def draw_density(axes: Axes, name: str, density: np.ndarray) -> None:
    x = np.linspace(-REACH, REACH, density.size)
    axes.fill_between(x, density, 1e-5, color=DENSITY, alpha=0.35, linewidth=0)
    axes.plot(x, density, color=INK, linewidth=1.1)
    axes.set_yscale("log")
    axes.set_ylim(1e-4, 2)
    axes.set_yticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["0.0001", "0.001", "0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.tick_params(axis="x", length=0)
    axes.set_title(name, fontsize=9, fontweight="bold", pad=4)
    grid(axes, "x")


def draw_codes(axes: Axes, numbers: np.ndarray, *, names: bool) -> None:
    axes.set_xlim(-REACH, REACH)
    axes.set_xticks(range(-8, 9, 2))
    axes.set_ylim(len(STRIPS) - 0.4, -0.6)
    axes.set_yticks(range(len(STRIPS)), list(STRIPS) if names else [""] * len(STRIPS))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for row, (name, colour) in enumerate(STRIPS.items()):
        number_format = get_format(name)
        values = Levels.of(number_format).values * float(choose_scales(numbers, number_format)[0])
        shown = values[np.abs(values) <= REACH]
        axes.axhline(row, color=GREY, linewidth=0.5, zorder=0)
        width = 0.45 if number_format.bits == 8 else 1.6
        ticks = np.tile([row - 0.34, row + 0.34, np.nan], shown.size)  # one path for all, which an SVG is small with
        axes.plot(np.repeat(shown, 3), ticks, color=colour, linewidth=width, solid_capstyle="butt", snap=False)
        if values.max() > REACH:
            axes.text(REACH * 1.04, row, f"{values.max():.0f}", va="center", fontsize=7.5, color=colour)


if __name__ == "__main__":
    with mpl.rc_context(TYPOGRAPHY):
        save(draw(), Path(__file__).parent, "dybit_codes")
