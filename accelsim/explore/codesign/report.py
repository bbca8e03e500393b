"""What a codesign is written and printed as: one JSON document, an allocation file, and figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.explore.codesign.accuracy import InTheLoop
from accelsim.explore.codesign.search import Codesign, Design
from accelsim.report.files import ALLOCATION_NAME, publish, staging_folder
from quant.allocation.file import write_allocation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CODESIGN_NAME = "codesign.json"


@dataclass(frozen=True)
class Report:
    """The design that was chosen, the uniform ones to set beside it, and what else was asked for."""

    search: Codesign
    baseline: str
    chosen: Design
    uniform: tuple[Design, ...]
    front: tuple[Design, ...] = ()
    loop: InTheLoop | None = None

    def document(self) -> dict[str, Any]:
        """As JSON: `front` and `accuracy` where there are such."""
        search = self.search
        found: dict[str, Any] = {
            "workload": search.workload.name,
            "hardware": search.hardware.model_dump(mode="json"),
            "baseline": {"name": self.baseline, "cycles": search.baseline_cycles},
            "errors_of": search.errors.described,
            "allocation": {
                layer: {"weights": formats.weights, "activations": formats.activations}
                for layer, formats in self.chosen.allocation.items()
            },
            **_numbers(self.chosen),
            "uniform": [_numbers(design) for design in self.uniform],
        }
        if self.front:
            found["front"] = [_numbers(design) for design in self.front]
        if self.loop is not None:
            found["accuracy"] = self.loop.document()
        return found

    def write(self, directory: Path) -> list[Path]:
        """Write `codesign.json`, `allocation.yaml`, and of a front `front.*`, of measured accuracy `accuracy.*`.

        All or nothing; each figure as PNG and SVG.
        """
        with staging_folder(directory) as staging:
            text = json.dumps(self.document(), indent=1, ensure_ascii=False)
            (staging / CODESIGN_NAME).write_text(text + "\n", encoding="utf-8")
            write_allocation(self.chosen.allocation, staging / ALLOCATION_NAME)
            if self.front or self.loop is not None:
                self._write_figures(staging)
            return publish(staging, directory)

    def _write_figures(self, directory: Path) -> None:
        from matplotlib import rc_context  # slow to import, and needed here alone

        from accelsim.report.figures.style import TYPOGRAPHY, save

        with rc_context(TYPOGRAPHY):
            if self.front:
                save(self._drawn_front(), directory, "front")
            if self.loop is not None:
                save(self._drawn_accuracy(self.loop), directory, "accuracy")

    def _drawn_front(self) -> Figure:
        from accelsim.report.figures.front import TradePoint, draw_front

        points = [
            TradePoint(design.method, design.simulated_speedup, design.error, design.optimality_gap, design.label)
            for design in self.front
        ]
        title = f"Speed-up against error: {self._of_what}"
        return draw_front(points, title, self.baseline, self.search.errors.quantity)

    def _drawn_accuracy(self, loop: InTheLoop) -> Figure:
        from accelsim.report.figures.accuracy import AccuracyPoint, draw_accuracy

        points = [
            AccuracyPoint(
                each.design.method,
                each.design.simulated_speedup,
                each.ptq,
                each.qat,
                each.design.label,
                each is loop.chosen,
            )
            for each in loop.measured
        ]
        title = f"Speed-up against {loop.what}: {self._of_what}"
        return draw_accuracy(points, loop.floating, title, self.baseline, loop.what)

    @property
    def _of_what(self) -> str:
        return f"{self.search.workload.name} on {self.search.hardware.name}"


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
