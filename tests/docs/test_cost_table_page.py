"""docs/cost-table.md keeps its word on ResNet-50: how additive the table is, and where fewer bits cost more."""

from __future__ import annotations

import re
from pathlib import Path

from accelsim.config.presets import load_hardware
from accelsim.explore.cost_table import cost_table
from accelsim.workload.loader import load_workload
from benchmarks.cost_table import random_predictions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cost-table.md").read_text(encoding="utf-8")


def test_the_errors_of_resnet50() -> None:
    """If this fails after a wanted change of the model: run `python -m benchmarks.cost_table` and update the page."""
    workload, hardware = load_workload(ROOT / "workloads" / "resnet50.yaml"), load_hardware("zcu102")
    table = cost_table(workload, hardware, (2, 4, 8), (2, 4, 8))
    errors = [abs(found.relative_error) for found in random_predictions(table, workload, hardware, 10)]
    (row,) = re.findall(r"\| ResNet-50 \| [\d.]+ \| ([\d.]+) % \| ([\d.]+) % \|", PAGE)
    assert (f"{sum(errors) / len(errors):.2%}", f"{max(errors):.2%}") == (f"{row[0]}%", f"{row[1]}%")


def test_fewer_bits_that_take_longer() -> None:
    workload, hardware = load_workload(ROOT / "workloads" / "resnet50.yaml"), load_hardware("zcu102")
    table = cost_table(workload, hardware, (8,), (6, 8))
    assert f"{table.run_cycles(8, 6) / table.run_cycles(8, 8) - 1:.2%}" == "0.03%"
    assert "0.03 % longer at w8a6 than at w8a8" in " ".join(PAGE.split())
