"""docs/cores.md keeps its word: a row is measured anew."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cores import rows
from benchmarks.markdown import table

PAGE = (Path(__file__).parents[2] / "docs" / "cores.md").read_text(encoding="utf-8")


def test_a_row_is_that_of_today() -> None:
    """If this fails after a wanted change of the model: run `python -m benchmarks.cores` and read the page again."""
    assert [row for row in table(rows(["w4a4"], [(2, 2)])).splitlines() if row not in PAGE.splitlines()] == []
