"""docs/headline.md keeps its word: a row is measured anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.workload.loader import load_workload
from benchmarks.headline import machine_rows
from benchmarks.markdown import table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "headline.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_row_is_that_of_today() -> None:
    """If this fails after a wanted change of the model: run `python -m benchmarks.headline` and read the page again."""
    rows = machine_rows(load_workload(ROOT / "workloads" / "resnet50.yaml"), ["zcu102"])
    assert [row for row in table(rows).splitlines() if row not in PAGE.splitlines()] == []
