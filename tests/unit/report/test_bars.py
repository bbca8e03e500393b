"""Bars of text."""

from __future__ import annotations

import pytest

from accelsim.report.bars import bar


@pytest.mark.parametrize(
    ("fraction", "blocks", "ascii_bar"),
    [
        (0, "", ""),
        (1e-9, "▏", "."),  # something is never nothing
        (1 / 80, "▏", "."),  # an eighth of a cell
        (0.1, "█", "#"),
        (0.25, "██▌", "##"),
        (1, "█" * 10, "#" * 10),
        (1.5, "█" * 10, "#" * 10),
        (-1, "", ""),
    ],
)
def test_ten_cells(fraction: float, blocks: str, ascii_bar: str) -> None:
    assert bar(fraction, 10) == blocks
    assert bar(fraction, 10, ascii_only=True) == ascii_bar
