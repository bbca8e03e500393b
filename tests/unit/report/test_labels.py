"""Boxes in points, and labels that find a place among them."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from accelsim.report.figures.labels import Box, Mark, place_labels, text_box, to_points


@pytest.fixture
def axes() -> Axes:
    """A figure of 200 x 100 points, all of it axes from 0 to 20 and 0 to 10."""
    axes = Figure(figsize=(200 / 72, 100 / 72), dpi=144).add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 20), ylim=(0, 10))
    return axes


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        (Box(5, 5, 15, 15), True),
        (Box(2, 2, 3, 3), True),
        (Box(10, 0, 20, 10), False),  # they share an edge
        (Box(0, 11, 10, 20), False),
    ],
)
def test_boxes_overlap_where_they_share_area(other: Box, overlaps: bool) -> None:
    box = Box(0, 0, 10, 10)
    assert box.overlaps(other) == other.overlaps(box) == overlaps


def test_within() -> None:
    frame = Box(0, 0, 10, 10)
    assert frame.within(frame)
    assert not Box(-1, 0, 5, 5).within(frame)
    assert not Box(0, 0, 5, 11).within(frame)


def test_a_mark_covers_a_square() -> None:
    assert Mark(10, 20, 3).box == Box(7, 17, 13, 23)


def test_points_do_not_depend_on_the_resolution(axes: Axes) -> None:
    assert to_points(axes, 10, 5) == pytest.approx((100, 50))
    axes.figure.set_dpi(72)
    assert to_points(axes, 10, 5) == pytest.approx((100, 50))


def test_a_text_is_anchored_where_it_is_told() -> None:
    left, right = text_box("name", 100, 50, 0, 0.5), text_box("name", 100, 50, 1, 0.5)
    assert (left.left, right.right) == (100, 100)
    assert (left.top + left.bottom) / 2 == 50
    assert text_box("names of layers", 0, 0, 0, 0).right > left.right - left.left


class TestPlaced:
    def test_a_lone_label_stands_right_of_its_mark(self, axes: Axes) -> None:
        place_labels(axes, [Mark(50, 50, 4, "conv1")], [], [])
        (label,) = axes.texts
        assert (label.get_text(), label.xy) == ("conv1", (50, 50))
        x, y = label.get_position()
        assert x > 4
        assert y == pytest.approx(0)

    def test_labels_avoid_each_other_and_everything_else(self, axes: Axes) -> None:
        marks = [Mark(40 + 8 * index, 50, 4, f"conv{index}") for index in range(5)]
        line, text = Box(0, 60, 200, 62), Box(80, 20, 160, 40)
        place_labels(axes, marks, [line], [text])
        boxes = [text_box(label.get_text(), *_middle(label), 0.5, 0.5) for label in axes.texts]
        assert len(boxes) >= 2
        others = [line, text, *(mark.box for mark in marks)]
        for index, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in [*others, *boxes[:index]])
            assert box.within(Box(0, 0, 200, 100))

    def test_a_label_without_room_is_left_out(self, axes: Axes) -> None:
        place_labels(axes, [Mark(50, 50, 4, "conv1")], [], [Box(0, 0, 200, 100)])
        assert not axes.texts

    def test_a_mark_without_a_name_gets_none(self, axes: Axes) -> None:
        place_labels(axes, [Mark(50, 50, 4)], [], [])
        assert not axes.texts


def _middle(label: Annotation) -> tuple[float, float]:
    (x, y), (dx, dy) = label.xy, label.get_position()
    return x + dx, y + dy
