"""The table as Markdown, its numbers as JSON, and a figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.accuracy.cells import DATASETS, FAMILIES, PHOTOS, ROWS, SEEDS, STEP_FAMILIES, STEPS, Cell, step_cell
from quant.files import replacing

_COLOURS = dict(zip(FAMILIES, ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#D55E00"), strict=True))
_MARKERS = dict(zip(FAMILIES, "s^DvoP", strict=False))
_STAGES = {"nearest": "PTQ, nearest rounding", "ptq": "PTQ, GPTAQ", "qat": "QAT"}


@dataclass(frozen=True)
class Results:
    """Test accuracy of the float networks by (task, seed), and what each cell measured; percentages."""

    floating: dict[tuple[str, int], float]
    cells: dict[Cell, dict[str, float]]

    def of(self, task: str, row: str, family: str, stage: str) -> list[float]:
        """One number for each seed that was measured."""
        found = [self.cells.get(Cell(task, row, family, seed), {}) for seed in SEEDS]
        return [cell[stage] for cell in found if stage in cell]


def write(results: Results, folder: Path) -> None:
    """Write `accuracy.md`, `accuracy.json` and `accuracy.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "floating": [{"task": task, "seed": seed, "accuracy": a} for (task, seed), a in results.floating.items()],
        "cells": [asdict(cell) | found for cell, found in results.cells.items()],
    }
    with replacing(folder / "accuracy.json") as partial:
        partial.write_text(json.dumps(document, indent=1))
    with replacing(folder / "accuracy.md") as partial:
        partial.write_text(markdown(results))
    figure(results).savefig(folder / "accuracy.png", dpi=150)


def load(path: Path) -> Results:
    """What `write` wrote as `accuracy.json`."""
    document = json.loads(path.read_text())
    floating = {(entry["task"], entry["seed"]): entry["accuracy"] for entry in document["floating"]}
    names = [field.name for field in fields(Cell)]
    cells = {
        Cell(**{name: entry[name] for name in names}): {k: v for k, v in entry.items() if k not in names}
        for entry in document["cells"]
    }
    return Results(floating, cells)


def markdown(results: Results) -> str:
    """All tables: each entry the mean over the seeds, and in brackets lowest and highest."""
    parts = []
    for task in DATASETS:
        floating = _entry([results.floating[task, seed] for seed in SEEDS], 2)
        parts.append(f"**{task}**, test accuracy in percent; FP32: {floating}.\n")
        parts += [_table(results, task, stage, 2) for stage in _STAGES]
    parts.append("**EfficientNet-Lite0 on photographs**, agreement with FP32 in percent.\n")
    parts += [_table(results, PHOTOS, "ptq", 0), _steps_table(results)]
    return "\n".join(parts)


def _table(results: Results, task: str, stage: str, digits: int) -> str:
    rows = [[row, *(_entry(results.of(task, row, family, stage), digits) for family in FAMILIES)] for row in ROWS]
    return _lines([_STAGES[stage], *FAMILIES], rows)


def _steps_table(results: Results) -> str:
    """What each step of post-training quantisation buys, at W4A8 in DyBit and INT."""
    rows = [
        [label, *(f"{results.cells[step_cell(family, step)]['ptq']:.0f}" for family in STEP_FAMILIES)]
        for step, label in enumerate(STEPS)
    ]
    return _lines(["W4A8, each step added to those above", *STEP_FAMILIES], rows)


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _entry(values: Sequence[float], digits: int) -> str:
    if not values:
        return "-"
    spread = f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{spread}"


def figure(results: Results) -> Figure:
    """A panel for each task: percentage by row, a column of marks for each family, one for each seed."""
    tasks = (*DATASETS, PHOTOS)
    drawing = Figure(figsize=(11, 4), layout="constrained")
    for axes, task in zip(drawing.subplots(1, len(tasks)), tasks, strict=True):
        for place, family in enumerate(FAMILIES):
            offset = (place - (len(FAMILIES) - 1) / 2) * 0.14
            for stage, filled in (("ptq", False), ("qat", True)):
                _marks(axes, results, task, family, stage, offset, filled)
        if task in DATASETS:
            floating = mean(results.floating[task, seed] for seed in SEEDS)
            axes.axhline(floating, color="#9A9A9A", linewidth=0.8, zorder=0)
            axes.annotate(
                "FP32", (1, floating), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7
            )
        axes.set_xticks(range(len(ROWS)), ROWS)
        axes.set_title(
            "EfficientNet-Lite0: agreement with FP32, %" if task == PHOTOS else f"{task}: accuracy, %", fontsize=9
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    handles = [Line2D([], [], linestyle="", marker=_MARKERS[f], color=_COLOURS[f], label=f) for f in FAMILIES]
    title = "hollow: after PTQ, filled: after QAT; a mark for each seed"
    drawing.legend(
        handles=handles, title=title, loc="outside upper left", ncols=len(FAMILIES), frameon=False, fontsize=8
    )
    return drawing


def _marks(axes: Axes, results: Results, task: str, family: str, stage: str, offset: float, filled: bool) -> None:
    for at, row in enumerate(ROWS):
        values = results.of(task, row, family, stage)
        colour = _COLOURS[family]
        face = colour if filled else "none"
        axes.plot(
            [at + offset] * len(values), values, _MARKERS[family], color=colour, markerfacecolor=face, markersize=4.5
        )
