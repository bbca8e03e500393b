"""Cycles of the array against SCALE-Sim 3.0.0, on the layers and arrays of `shared/reference/scalesim_cycles.csv`.

The file lies beside the checkout, as for the tests.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from accelsim.analytic.compute import array_cycles, array_shape
from accelsim.config.hardware import ArrayConfig
from accelsim.workload.layers import Gemm
from benchmarks.validation.comparison import Comparison, percent

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "scalesim_cycles.csv"


def compare() -> Comparison:
    """Every row of the file, by dataflow."""
    errors: dict[str, list[float]] = {"ws": [], "os": [], "is": []}
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            errors[row["dataflow"]].append(_modelled(row) / int(row["compute_cycles"]) - 1)
    table = ["| dataflow | layers and arrays | mean error | worst error |", "|---|---|---|---|"]
    for dataflow, mine in errors.items():
        sizes = [abs(error) for error in mine]
        table.append(f"| {dataflow} | {len(mine)} | {percent(sum(sizes) / len(sizes))} | {percent(max(sizes))} |")
    every = [error for mine in errors.values() for error in mine]
    return Comparison("scalesim", "Array, cycles of a layer", "SCALE-Sim 3.0.0", every, table)


def _modelled(row: dict[str, Any]) -> int:
    array = ArrayConfig(
        rows=int(row["array_rows"]),
        cols=int(row["array_cols"]),
        dataflow=row["dataflow"],
        operand_bits=(8,),
        shadow_registers=False,
    )
    gemm = Gemm(1, int(row["M"]), int(row["K"]), int(row["N"]))
    return array_cycles(gemm, array_shape(array, 8, 8), array.dataflow, shadow_registers=False).total
