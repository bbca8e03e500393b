"""Tables that fit: which columns go, how wide bars are, and what is cut last."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from accelsim.report.tables import AnyColumn, BarColumn, Column, fitted_table

COLUMNS: list[AnyColumn] = [
    Column("layer", "", ["conv1", "fc"], "total", left=True),  # 5 cells
    Column("kind", "", ["conv2d", "linear"], drop=2, left=True),  # 6
    Column("latency", "[cycles]", ["1,234", "5"], "1,239"),  # 8
    BarColumn([1.0, 0.5], ["red", "blue"], drop=1),  # 5 to 24
]
GAP = 2  # between columns


def lines(columns: list[AnyColumn], width: int, *, ascii_only: bool = False) -> list[str]:
    """The table as text, in a console that is wide enough to show if it is too wide."""
    file = io.StringIO()
    Console(file=file, width=500, highlight=False).print(fitted_table(columns, width, ascii_only))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_everything_with_its_unit_and_footer() -> None:
    assert lines(COLUMNS, 5 + 6 + 8 + 10 + 3 * GAP, ascii_only=True) == [
        "layer  kind     latency",
        "               [cycles]",
        "-----------------------------------",
        "conv1  conv2d     1,234  ##########",
        "fc     linear         5  #####",
        "-----------------------------------",
        "total             1,239",
    ]


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (5 + 6 + 8 + 5 + 3 * GAP, ["layer", "kind", "latency"]),
        (5 + 6 + 8 + 5 + 3 * GAP - 1, ["layer", "latency"]),
        (5 + 8 + GAP, ["layer", "latency"]),
    ],
)
def test_the_highest_drop_goes_first(width: int, headings: list[str]) -> None:
    assert lines(COLUMNS, width)[0].split() == headings


def test_bars_take_the_room_that_is_left_up_to_a_limit() -> None:
    def bar(width: int) -> str:
        return lines(COLUMNS, width)[3].split()[-1]

    without_bar = 5 + 6 + 8 + 3 * GAP
    assert bar(without_bar + 11) == "█" * 11
    assert bar(200) == "█" * 24


def test_two_bars_share_it() -> None:
    table = lines([*COLUMNS, BarColumn([1.0, 1.0], ["red", "red"], drop=1)], 5 + 6 + 8 + 4 * GAP + 15)
    assert [len(cell) for cell in table[3].split()[-2:]] == [7, 7]


def test_at_last_the_rows_names_are_cut_and_never_a_number() -> None:
    assert lines(COLUMNS, 3 + 8 + GAP, ascii_only=True) == [
        "lay   latency",
        "     [cycles]",
        "-------------",
        "con     1,234",
        "fc          5",
        "-------------",
        "tot     1,239",
    ]


def test_without_footers_there_is_no_second_line() -> None:
    assert lines([Column("a", "[B]", ["1"])], 80, ascii_only=True) == ["  a", "[B]", "---", "  1"]


def test_markup_in_a_name_is_text() -> None:
    assert "[red]x" in lines([Column("layer", "", ["[red]x"], left=True)], 80)[-1]
