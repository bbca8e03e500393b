"""What a codesign is written and printed as: one JSON document, an allocation file, and a figure of the front."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accelsim.explore.codesign import Codesign, Design
from accelsim.report.files import ALLOCATION_NAME, publish, staging_folder
from quant.allocation.file import write_allocation

CODESIGN_NAME = "codesign.json"


def document(
    search: Codesign, chosen: Design, front: Sequence[Design], uniform: Sequence[Design], baseline: str
) -> dict[str, Any]:
    """The chosen design, the `uniform` ones to set beside it and, if there is one, the front."""
    found: dict[str, Any] = {
        "workload": search.workload.name,
        "hardware": search.hardware.model_dump(mode="json"),
        "baseline": {"name": baseline, "cycles": search.baseline_cycles},
        "errors_of": search.errors.described,
        "allocation": {
            layer: {"weights": formats.weights, "activations": formats.activations}
            for layer, formats in chosen.allocation.items()
        },
        **_numbers(chosen),
        "uniform": [_numbers(design) for design in uniform],
    }
    return found if not front else found | {"front": [_numbers(design) for design in front]}


def write_codesign(
    found: dict[str, Any], chosen: Design, front: Sequence[Design], quantity: str, directory: Path
) -> list[Path]:
    """Write `codesign.json`, `allocation.yaml` and, of a front, `front.png` and `.svg`, completely or not at all.

    `quantity` is what the errors are of."""
    with staging_folder(directory) as staging:
        (staging / CODESIGN_NAME).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write_allocation(chosen.allocation, staging / ALLOCATION_NAME)
        if front:
            _write_front(found, front, quantity, staging)
        return publish(staging, directory)


def _write_front(found: dict[str, Any], designs: Sequence[Design], quantity: str, directory: Path) -> None:
    from matplotlib import rc_context  # slow to import, and needed here alone

    from accelsim.report.figures.front import TradePoint, draw_front
    from accelsim.report.figures.style import TYPOGRAPHY, save

    points = [
        TradePoint(design.method, design.simulated_speedup, design.error, design.optimality_gap, design.label)
        for design in designs
    ]
    title = f"Speed-up against error: {found['workload']} on {found['hardware']['name']}"
    with rc_context(TYPOGRAPHY):
        save(draw_front(points, title, found["baseline"]["name"], quantity), directory, "front")


def _numbers(design: Design) -> dict[str, Any]:
    return {
        "method": design.method,
        "label": design.label,
        "speedup": design.simulated_speedup,
        "predicted_speedup": design.predicted_speedup,
        "simulated_speedup": design.simulated_speedup,
        "error": design.error,
        "optimality_gap": design.optimality_gap,
        "average_bits": design.average_bits,
        "size_bytes": design.size_bytes,
    }
