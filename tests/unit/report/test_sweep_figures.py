"""The figures of a sweep: what is drawn where, from designs made by hand."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from accelsim.report.figures.style import TYPOGRAPHY
from accelsim.report.figures.sweep.heat_map import draw_heat_map
from accelsim.report.figures.sweep.parallel import Upright, draw_parallel
from accelsim.report.figures.sweep.pareto import TradeOff, draw_pareto
from accelsim.report.figures.sweep.rooflines import RoofPoint, draw_rooflines
from accelsim.report.figures.sweep.sensitivity import draw_sensitivity


def texts(figure: Figure) -> list[str]:
    """Everything that is written in the axes."""
    return [text.get_text() for axes in figure.axes for text in axes.texts if text.get_text()]


def test_pareto_names_the_front_without_overlaps() -> None:
    front = [TradeOff(2.0**index, 4.0**index, "w4a4", f"{8 * index}x{8 * index} w4a4") for index in range(6)]
    others = [TradeOff(2.0**index / 2, 4.0**index, "w8a8") for index in range(6)]
    with rc_context(TYPOGRAPHY):
        figure = draw_pareto([*front, *others], "Trade-off", "speed-up", "error")
        figure.canvas.draw()
        (axes,) = figure.axes
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    assert set(texts(figure)) == {point.label for point in front}
    assert not any(first.overlaps(second) for first, second in combinations(boxes, 2))


def test_a_heat_map_writes_every_value_and_leaves_holes() -> None:
    cells = {("8x8", "w4a4"): 2.0, ("8x8", "w8a8"): 1.0, ("16x16", "w4a4"): 3.456}
    with rc_context(TYPOGRAPHY):
        figure = draw_heat_map(cells, ["8x8", "16x16"], ["w8a8", "w4a4"], ("Speed-up", "array", "bits"), "how")
    axes = figure.axes[0]
    assert {(text.get_position(), text.get_text()) for text in axes.texts} == {
        ((0, 0), "1.00"),
        ((1, 0), "2.00"),
        ((1, 1), "3.46"),
    }
    assert [label.get_text() for label in axes.get_yticklabels()] == ["8x8", "16x16"]


def test_parallel_coordinates_have_a_line_for_each_design_the_best_last() -> None:
    uprights = [Upright("rows", [0.0, 1.0, 0.5], [(0.0, "8"), (1.0, "32")]), Upright("speed-up", [1.0, 0.0, 0.5], [])]
    with rc_context(TYPOGRAPHY):
        figure = draw_parallel(uprights, [3.0, 1.0, 2.0], "All", "speed-up")
    (lines,) = figure.axes[0].collections
    assert [segment[:, 1].tolist() for segment in lines.get_segments()] == [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    assert texts(figure)[:4] == ["rows", "8", "32", "speed-up"]


def test_sensitivity_draws_medians() -> None:
    series = {"w4a4": {1.0: [(0.001, 2.0), (0.003, 6.0), (0.002, 4.0)], 2.0: [(0.001, 8.0)]}}
    with rc_context(TYPOGRAPHY):
        figure = draw_sensitivity(series, "Sensitivity", "bandwidth [GB/s]")
    latency, speedup = (axes.lines[0].get_xydata().tolist() for axes in figure.axes)  # type: ignore[union-attr]
    assert latency == [[1.0, pytest.approx(2.0)], [2.0, pytest.approx(1.0)]]
    assert speedup == [[1.0, 4.0], [2.0, 8.0]]


def test_no_point_is_above_its_roof_line_and_speedups_are_labelled() -> None:
    """4 GMAC over 10 MB in 10 ms: 400 MAC/byte, 400 GMAC/s; 4 times as fast as a baseline of 40 ms."""
    points = [
        RoofPoint("w4a4", 4 * 10**9, 10**7, 0.010, 0.040, 17e9),
        RoofPoint("w8a8", 4 * 10**9, 2 * 10**7, 0.02, 0.04, 17e9),
    ]
    with rc_context(TYPOGRAPHY):
        figure = draw_rooflines(points, "All points")
    left, right = figure.axes
    first = left.collections[0].get_offsets()[0].tolist()  # type: ignore[index]
    assert first == [pytest.approx(400.0), pytest.approx(400.0)]
    roof = left.lines[0].get_xydata()
    assert all(y == pytest.approx(17 * x) for x, y in roof)
    assert {"2x", "4x"} <= {text.get_text() for text in right.texts}
