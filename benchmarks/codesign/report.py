"""What the loop found as tables in Markdown, as JSON, and as a figure for each network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import rc_context

from accelsim.report.figures.accuracy import AccuracyPoint, draw_accuracy
from accelsim.report.figures.style import TYPOGRAPHY
from quant.files import replacing

Results = Mapping[str, Mapping[str, Any]]
"""By task, the document of `InTheLoop`."""

JSON_NAME = "codesign_accuracy.json"


def write(results: Results, folder: Path) -> None:
    """Write `codesign_accuracy.json` and `.md`, and `codesign_WORKLOAD.png` for each task, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / JSON_NAME) as partial:
        partial.write_text(json.dumps(results, indent=1) + "\n")
    with replacing(folder / "codesign_accuracy.md") as partial:
        partial.write_text("\n".join(markdown(task, found) for task, found in results.items()))
    for task, found in results.items():
        _write_figure(task, found, folder)


def markdown(task: str, found: Mapping[str, Any]) -> str:
    """The designs, the fastest first."""
    has_qat = any(design["accuracy_qat"] is not None for design in found["designs"])
    head = ["method", "speed-up", "size, bytes", "bits a weight", "error", "after PTQ, %"]
    rows = [_row(design, has_qat, place == found["chosen"]) for place, design in enumerate(found["designs"])]
    table = [head + ["after QAT, %"] * has_qat, ["---"] * (len(head) + has_qat), *rows]
    lines = "".join(f"| {' | '.join(line)} |\n" for line in table)
    return f"**{task}**: {found['measure']}, float network {found['floating']:.2f} %.\n\n{lines}"


def _row(design: Mapping[str, Any], has_qat: bool, is_chosen: bool) -> list[str]:
    name = f"{design['method']} {design['label']}".strip()
    qat = [] if not has_qat else ["-" if design["accuracy_qat"] is None else f"{design['accuracy_qat']:.2f}"]
    return [
        f"**{name}**" if is_chosen else name,
        f"{design['speedup']:.2f}",
        f"{design['size_bytes']:,.0f}",
        f"{design['average_bits']:.2f}",
        f"{design['error']:.3g}",
        f"{design['accuracy_ptq']:.2f}",
        *qat,
    ]


def _write_figure(task: str, found: Mapping[str, Any], folder: Path) -> None:
    points = [
        AccuracyPoint(
            design["method"],
            design["speedup"],
            design["accuracy_ptq"],
            design["accuracy_qat"],
            design["label"],
            place == found["chosen"],
        )
        for place, design in enumerate(found["designs"])
    ]
    with rc_context(TYPOGRAPHY):
        drawing = draw_accuracy(points, found["floating"], task, "fp32", found["measure"])
        drawing.savefig(folder / f"codesign_{task.split()[0].lower()}.png", metadata={"Software": None})
