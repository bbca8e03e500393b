"""docs/codesign-accuracy.md shows what the benchmark measured: its tables are those of the results checked in."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.codesign.report import JSON_NAME, markdown

DOCS = Path(__file__).parents[2] / "docs"


def test_tables_are_those_of_the_results() -> None:
    page = (DOCS / "codesign-accuracy.md").read_text(encoding="utf-8")
    for task, found in json.loads((DOCS / "figures" / JSON_NAME).read_text(encoding="utf-8")).items():
        assert markdown(task, found).strip() in page
