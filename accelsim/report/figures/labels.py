"""Labels that overlap nothing: each is put at the nearest free place around its point, or left out.

All geometry is in points (1/72 inch) from the figure's lower left corner, where a text's size is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from accelsim.report.palette import GREY

FONT_POINTS = 7.5
_WIDTH_EM = 0.62  # generous mean width of a character of the bundled font
_DISTANCES = (3.0, 9.0, 16.0, 24.0, 34.0, 46.0)
_DIRECTIONS = [math.radians(degrees) for degrees in (0, 180, 270, 90, 315, 225, 45, 135)]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that a label may not cover."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share any area."""
        apart = self.right <= other.left or other.right <= self.left or self.top <= other.bottom
        return not (apart or other.top <= self.bottom)

    def within(self, other: Box) -> bool:
        """Whether this lies wholly inside the other."""
        inside = self.left >= other.left and self.right <= other.right
        return inside and self.bottom >= other.bottom and self.top <= other.top


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker at a point, its radius, and the text that it should get (none: only in the way of others)."""

    x: float
    y: float
    radius: float
    text: str = ""

    @property
    def box(self) -> Box:
        """The square around it."""
        return Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)


def to_points(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Data coordinates as points; the axes' limits must be final."""
    pixels = axes.transData.transform((x, y))
    scale = 72.0 / axes.figure.dpi
    return float(pixels[0]) * scale, float(pixels[1]) * scale


def text_box(text: str, x: float, y: float, horizontal: float, vertical: float) -> Box:
    """The rectangle of a text anchored at a point; alignments from 0 (point at its left, bottom) to 1."""
    width, height = len(text) * _WIDTH_EM * FONT_POINTS, 1.25 * FONT_POINTS
    left, bottom = x - horizontal * width, y - vertical * height
    return Box(left, bottom, left + width, bottom + height)


def place_labels(axes: Axes, marks: Sequence[Mark], taken: Iterable[Box]) -> None:
    """Write the texts of `marks`, earlier ones first, clear of each other, of every mark and of what is `taken`."""
    scale = 72.0 / axes.figure.dpi
    extent = axes.bbox
    frame = Box(extent.x0 * scale, extent.y0 * scale, extent.x1 * scale, extent.y1 * scale)
    obstacles = [*taken, *(mark.box for mark in marks)]
    for mark in marks:
        spot = _free_spot(mark, frame, obstacles) if mark.text else None
        if spot is None:
            continue
        box, distance = spot
        obstacles.append(box)
        x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
        arrow = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": mark.radius}
        axes.annotate(
            mark.text, (mark.x / scale, mark.y / scale), xycoords="figure pixels", xytext=(x - mark.x, y - mark.y),
            textcoords="offset points", ha="center", va="center", fontsize=FONT_POINTS,
            arrowprops=arrow if distance > _DISTANCES[1] else None,
        )  # fmt: skip


def _free_spot(mark: Mark, frame: Box, obstacles: Sequence[Box]) -> tuple[Box, float] | None:
    for distance in _DISTANCES:
        for angle in _DIRECTIONS:
            reach = mark.radius + distance
            x, y = mark.x + reach * math.cos(angle), mark.y + reach * math.sin(angle)
            box = text_box(mark.text, x, y, (1 - math.cos(angle)) / 2, (1 - math.sin(angle)) / 2)
            if box.within(frame) and not any(box.overlaps(other) for other in obstacles):
                return box, distance
    return None
