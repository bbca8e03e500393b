"""The figures of a report, PNG and SVG each: roofline, breakdown, speed-up, bandwidth.

Drawn with `Figure` objects on the Agg and SVG canvases, without pyplot and its global state. The same result gives
the same bytes: no dates, fixed identifiers, the font that comes with matplotlib.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from accelsim.report.figures.bandwidth import draw_bandwidth
from accelsim.report.figures.breakdown import draw_breakdown
from accelsim.report.figures.roofline import draw_roofline
from accelsim.report.figures.speedup import draw_speedup
from accelsim.report.figures.style import TYPOGRAPHY, save
from accelsim.result import Result

__all__ = ["draw_bandwidth", "draw_breakdown", "draw_roofline", "draw_speedup", "write_figures"]


def write_figures(result: Result, directory: Path) -> list[Path]:
    """Write every figure of a result into an existing directory; the speed-up needs a baseline."""
    drawings = {"roofline": draw_roofline, "breakdown": draw_breakdown, "bandwidth": draw_bandwidth}
    if result.baseline is not None:
        drawings["speedup"] = draw_speedup
    with mpl.rc_context(TYPOGRAPHY):
        return [path for name, draw in drawings.items() for path in save(draw(result), directory, name)]
