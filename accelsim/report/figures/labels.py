"""Labels that overlap nothing: each is put at the nearest free place around its point, or left out.

All geometry is in points (1/72 inch) from the figure's lower left corner, where a text's size is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from accelsim.report.figures.style import MEAN_WIDTH_EM
from accelsim.report.palette import GREY

FONT_POINTS = 7.5
_DISTANCES = (3.0, 8.0, 14.0, 20.0, 28.0, 36.0, 46.0, 58.0, 72.0)
_NEAR = 8.0  # up to here a label needs no line to its mark
_DIRECTIONS = [math.radians(degrees) for degrees in (0, 180, 315, 225, 45, 135, 270, 90, 340, 200, 290, 250, 20, 160)]


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
    width, height = len(text) * MEAN_WIDTH_EM * FONT_POINTS, 1.25 * FONT_POINTS
    left, bottom = x - horizontal * width, y - vertical * height
    return Box(left, bottom, left + width, bottom + height)


def place_labels(axes: Axes, marks: Sequence[Mark], lines: Iterable[Box], texts: Iterable[Box]) -> None:
    """Write the texts of `marks`, earlier ones first, clear of each other, of marks, lines and other texts.

    A label may be off its mark with a thin line between them, which may cross `lines` but no text.
    """
    scale = 72.0 / axes.figure.dpi
    extent = axes.bbox
    frame = Box(extent.x0 * scale, extent.y0 * scale, extent.x1 * scale, extent.y1 * scale)
    written, graphics = list(texts), [*lines, *(mark.box for mark in marks)]
    for mark in marks:
        spot = _free_spot(mark, frame, written, graphics) if mark.text else None
        if spot is None:
            continue
        box, distance = spot
        written += [box, *_line_boxes(mark, box)]
        x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
        arrow = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": mark.radius}
        axes.annotate(
            mark.text, (mark.x, mark.y), xycoords="figure points", xytext=(x - mark.x, y - mark.y),
            textcoords="offset points", ha="center", va="center", fontsize=FONT_POINTS,
            arrowprops=arrow if distance > _NEAR else None,
        )  # fmt: skip


def _free_spot(mark: Mark, frame: Box, written: Sequence[Box], graphics: Sequence[Box]) -> tuple[Box, float] | None:
    """The nearest box inside the frame that covers nothing and whose line to the mark crosses no text."""
    for distance in _DISTANCES:
        for angle in _DIRECTIONS:
            reach = mark.radius + distance
            x, y = mark.x + reach * math.cos(angle), mark.y + reach * math.sin(angle)
            box = text_box(mark.text, x, y, (1 - math.cos(angle)) / 2, (1 - math.sin(angle)) / 2)
            covers = any(box.overlaps(other) for other in (*written, *graphics))
            if covers or not box.within(frame):
                continue
            line = _line_boxes(mark, box) if distance > _NEAR else []
            if not any(piece.overlaps(other) for piece in line for other in written):
                return box, distance
    return None


def _line_boxes(mark: Mark, box: Box) -> list[Box]:
    """Small squares along the line from a mark to the middle of its label, up to the label's edge."""
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    steps = [index / 24 for index in range(25)]
    centres = [(mark.x + step * (x - mark.x), mark.y + step * (y - mark.y)) for step in steps]
    squares = [Box(cx - 1, cy - 1, cx + 1, cy + 1) for cx, cy in centres]
    return [square for square in squares if not square.overlaps(box)]
