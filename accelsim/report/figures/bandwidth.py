"""What each DMA engine moves over time, for the run and for its baseline, below the DRAM's peak."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from accelsim.report.figures.style import TITLE_INCHES, add_legend, add_titles, grid, new_figure, patch
from accelsim.report.palette import INK, initiator_colour
from accelsim.report.summary import bandwidth_series, clock_hz, dram_bytes, peak_bandwidth
from accelsim.result import Result, RunResult


def draw_bandwidth(result: Result) -> Figure:
    """Stacked areas in GB/s over ms, one panel per run, each with a time axis of its own."""
    runs: list[tuple[str, RunResult]] = [("this run", result)]
    if result.baseline is not None:
        runs.append((f"{result.baseline.name} baseline", result.baseline))
    figure = new_figure(8.6, 1.65 + 1.95 * len(runs), left=0.65, right=0.25, top=TITLE_INCHES + 0.35, bottom=0.85)
    panels = figure.subplots(len(runs), 1, squeeze=False, sharey=True, gridspec_kw={"hspace": 0.42})[:, 0]
    peak, highest = peak_bandwidth(result), 0.0
    for axes, (name, run) in zip(panels, runs, strict=True):
        highest = max(highest, _panel(axes, run, name, clock_hz(result)))
        if peak is not None:
            _draw_peak(axes, peak / 1e9)
    panels[0].set_ylim(0, 1.16 * max(highest, (peak or 0.0) / 1e9) or 1.0)
    panels[-1].set_xlabel("time [ms]")
    scales = "; the time axes differ" if len(runs) > 1 else ""
    add_titles(figure, result, "DRAM bandwidth over time", f"completed transfers by initiator, stacked{scales}")
    names = list(dict.fromkeys(name for _, run in runs for name in run.bandwidth.bytes_by_initiator))
    add_legend(figure, [patch(initiator_colour(name), f"{name} DMA") for name in names], 6)
    return figure


def _panel(axes: Axes, run: RunResult, name: str, clock: float) -> float:
    """Draw one run's areas; the highest sum of them in GB/s."""
    edges, series = bandwidth_series(run, clock)
    time = np.asarray(edges) * 1e3
    below = np.zeros(len(edges) - 1)
    for initiator, rates in series.items():
        above = below + np.asarray(rates) / 1e9
        bottom, top = np.append(below, below[-1:]), np.append(above, above[-1:])
        axes.fill_between(time, bottom, top, step="post", color=initiator_colour(initiator), linewidth=0)
        below = above
    seconds = run.totals.seconds
    mean = dram_bytes(run.totals) / seconds / 1e9 if seconds else 0.0
    axes.set_title(f"{name}: {seconds * 1e3:.2f} ms, {mean:.2f} GB/s on average", loc="left", fontsize=9)
    axes.set_xlim(0, time[-1] or 1.0)
    axes.set_ylabel("bandwidth [GB/s]")
    grid(axes, "y")
    return float(below.max(initial=0.0))


def _draw_peak(axes: Axes, peak: float) -> None:
    axes.axhline(peak, color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.annotate(
        f"peak {peak:.1f} GB/s", (1, peak), xycoords=("axes fraction", "data"), xytext=(0, 2),
        textcoords="offset points", ha="right", va="bottom", fontsize=8,
    )  # fmt: skip
