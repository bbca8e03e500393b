"""What a sweep found, as one JSON document, and as files with the figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from accelsim.explore.sweeps.export import write_csv
from accelsim.explore.sweeps.space import Space
from accelsim.explore.sweeps.table import Design, SweepTable
from accelsim.report.files import publish, staging_folder

SWEEP_NAME, POINTS_NAME = "sweep.json", "points.csv"
_TOP = 10


def document(table: SweepTable, space: Space) -> dict[str, Any]:
    """The document of `--json` and `sweep.json`; docs/sweep.md has its fields."""
    found: dict[str, Any] = {
        "points": len(table.rows),
        "computed": table.computed,
        "reused": table.reused,
        "failed": table.failed,
        "wall_seconds": table.wall_seconds,
        "driver_seconds": table.driver_seconds,
        "simulation_seconds": table.simulation_seconds,
        "workloads": dict(table.weights),
        "baseline": space.file.baseline,
        "objectives": list(table.objectives),
        "best": next((numbers(design) for design in table.best(1)), None),
        "top": [numbers(design) for design in table.best(_TOP)],
        "pareto": [numbers(design) for design in table.pareto],
        "effects": [{"parameters": effect.parameters, "share": effect.share} for effect in table.effects],
        "baselines": _baselines(table),
        "failures": dict(Counter(row.message for row in table.rows if row.failed)),
    }
    if table.misordered is not None:
        found["closed_form_misordered"] = table.misordered
    return found


def numbers(design: Design) -> dict[str, Any]:
    """A design as plain data; `allocation` where its bits were searched, by network."""
    found = {
        "hardware": design.hardware,
        "parameters": dict(design.parameters),
        "bits": design.bits,
        "speedup": design.speedup,
        "seconds": design.seconds,
        "error": design.error,
        "average_bits": design.average_bits,
        "dram_bytes": design.dram_bytes,
        "array_area_mm2": design.array_area_mm2,
    }
    allocations = {row.workload: row.allocation for row in design.rows if row.allocation is not None}
    return found | ({"allocation": allocations} if allocations else {})


def write_sweep(found: dict[str, Any], table: SweepTable, space: Space, directory: Path) -> list[Path]:
    """Write the document, the points and, if there are designs, the figures, completely or not at all."""
    with staging_folder(directory) as staging:
        (staging / SWEEP_NAME).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        parameters = list(dict.fromkeys(path for row in table.rows for path in row.parameters))
        write_csv(table.rows, parameters, staging / POINTS_NAME)
        if table.designs:
            from accelsim.explore.sweeps.figures import write_figures  # matplotlib: slow to import

            write_figures(table, space, staging)
        return publish(staging, directory)


def _baselines(table: SweepTable) -> list[dict[str, Any]]:
    """Each baseline once, and how many points were measured against it."""
    points = Counter(row.baseline for row in table.rows)
    rows = {row.baseline: row for row in table.rows if row.baseline}
    return [
        {
            "key": key,
            "workload": row.workload,
            "array": row.baseline_array,
            "cycles": row.baseline_cycles,
            "seconds": row.baseline_seconds,
            "message": row.baseline_message,
            "points": points[key],
        }
        for key, row in rows.items()
    ]
