"""docs/accuracy.md shows what the benchmark measured: its tables are those of the results that are checked in."""

from pathlib import Path

from benchmarks.accuracy.report import load, markdown

DOCS = Path(__file__).parents[2] / "docs"


def test_tables_are_those_of_the_results() -> None:
    page = (DOCS / "accuracy.md").read_text(encoding="utf-8")
    for block in markdown(load(DOCS / "figures" / "accuracy.json")).split("\n\n"):
        assert block.strip() in page
