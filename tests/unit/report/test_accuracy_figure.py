"""Speed-up against accuracy: a mark for each measurement, the float network as a line, the chosen design ringed."""

from __future__ import annotations

import pytest
from matplotlib.lines import Line2D

from accelsim.report.figures.accuracy import AccuracyPoint, draw_accuracy

POINTS = [
    AccuracyPoint("exact", 4.0, 80.0, 85.0, is_chosen=True),
    AccuracyPoint("exact", 2.0, 89.0, 90.0),
    AccuracyPoint("greedy", 3.0, 82.0),
    AccuracyPoint("uniform", 2.5, 81.0, label="w4a4"),
]


def marks(points: list[AccuracyPoint]) -> list[Line2D]:
    (axes,) = draw_accuracy(points, 91.0, "a title", "fp32", "accuracy").axes
    return list(axes.lines)


def places(lines: list[Line2D]) -> list[tuple[list[float], list[float]]]:
    return [(list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))) for line in lines]


def test_every_measurement_has_its_place() -> None:
    drawn = places(marks(POINTS))
    assert ([2.0, 4.0], [89.0, 80.0]) in drawn  # after quantisation, by speed-up
    assert ([4.0], [85.0]) in drawn
    assert ([2.0], [90.0]) in drawn
    assert ([3.0], [82.0]) in drawn
    assert ([2.5], [81.0]) in drawn


def test_hollow_marks_are_ptq_and_filled_ones_qat() -> None:
    faces = {(tuple(line.get_xdata()), tuple(line.get_ydata())): line.get_markerfacecolor() for line in marks(POINTS)}
    assert faces[(2.0, 4.0), (89.0, 80.0)] == "white"
    assert faces[(2.0,), (90.0,)] not in ("white", "none")


def test_axes_and_legend_say_what_they_are() -> None:
    figure = draw_accuracy(POINTS, 91.0, "a title", "fp32", "accuracy")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("simulated speed-up over fp32 [x]", "accuracy [%]")
    assert "float network: 91.00" in [text.get_text() for text in axes.texts]
    assert [text.get_text() for text in figure.legends[0].get_texts()][-3:] == ["PTQ", "QAT", "chosen"]


@pytest.mark.parametrize("points", [POINTS[2:3]])
def test_the_legend_names_only_what_is_there(points: list[AccuracyPoint]) -> None:
    figure = draw_accuracy(points, 91.0, "a title", "fp32", "accuracy")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["greedy", "PTQ"]
