"""The figures of a sweep, drawn from its designs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from accelsim.config.hardware import Hardware
from accelsim.explore.sweeps.space import BITS, Candidate, Space
from accelsim.explore.sweeps.space_file import Objective
from accelsim.explore.sweeps.table import Design, SweepTable, pareto_designs, short
from accelsim.report.figures.style import TYPOGRAPHY, save
from accelsim.report.figures.sweep.heat_map import draw_heat_map
from accelsim.report.figures.sweep.parallel import Upright, draw_parallel
from accelsim.report.figures.sweep.pareto import TradeOff, draw_pareto
from accelsim.report.figures.sweep.rooflines import RoofPoint, draw_rooflines
from accelsim.report.figures.sweep.sensitivity import draw_sensitivity
from accelsim.simulation import dram_of, dram_peak_bytes_per_second

_NAMES: dict[Objective, str] = {
    "speedup": "speed-up over the baseline",
    "seconds": "latency [s]",
    "error": "sum of noise-to-signal of all tensors",
    "average_bits": "bits of a weight on average",
    "dram_bytes": "DRAM traffic [bytes]",
    "array_area_mm2": "PE array and decoders [mm2]",
}


def write_figures(table: SweepTable, space: Space, directory: Path) -> list[Path]:
    """Write every figure that the sweep has the designs for, as PNG and SVG."""
    figures = SweepFigures(table, space)
    drawings: dict[str, Callable[[], Figure]] = {"rooflines": figures.rooflines, "parallel": figures.parallel}
    if len(table.objectives) > 1:
        drawings["pareto"] = figures.pareto
    if len({figures.array(design) for design in table.designs}) > 1:
        drawings["heat_map"] = figures.heat_map
    if len({figures.bandwidth(design) for design in table.designs}) > 1:
        drawings["bandwidth"] = figures.bandwidth_sensitivity
    with rc_context(TYPOGRAPHY):
        return [path for name, draw in drawings.items() for path in save(draw(), directory, name)]


class SweepFigures:
    """Draws one sweep; every method returns a figure."""

    def __init__(self, table: SweepTable, space: Space) -> None:
        self._table, self._designs, self._space = table, table.designs, space
        self._of = f"{', '.join(table.weights)} on {', '.join(space.bases)}"
        self._against = f"over {space.file.baseline} on the same machine"
        self._machines: dict[int, Hardware] = {}

    def save(self, draw: Callable[[], Figure], path: Path) -> None:
        """Draw one figure and write it as a PNG."""
        with rc_context(TYPOGRAPHY):
            draw().savefig(path, metadata={"Software": None})

    def machine(self, design: Design) -> Hardware:
        """The machine of a design."""
        if id(design) not in self._machines:
            candidate = Candidate(design.hardware, design.parameters, design.bits)
            self._machines[id(design)] = self._space.machine(candidate)
        return self._machines[id(design)]

    def array(self, design: Design) -> tuple[int, int]:
        """Rows and columns."""
        array = self.machine(design).array
        return array.rows, array.cols

    def bandwidth(self, design: Design) -> float:
        """Peak of the DRAM in bytes a second; infinite for an ideal one."""
        machine = self.machine(design)
        return dram_peak_bytes_per_second(machine, dram_of(machine)) or float("inf")

    def pareto(self) -> Figure:
        """The first two objectives."""
        first, second = self._table.objectives[:2]
        front = {id(design) for design in pareto_designs(self._designs, (first, second))}
        points = [
            TradeOff(
                getattr(design, first),
                getattr(design, second),
                design.bits,
                self._label(design) if id(design) in front else "",
            )
            for design in self._designs
        ]
        return draw_pareto(points, f"Trade-off: {self._of}", _NAMES[first], _NAMES[second])

    def heat_map(self) -> Figure:
        """Array by bits: the highest speed-up of all that else varies."""
        cells: dict[tuple[str, str], float] = {}
        arrays = sorted(
            {self.array(design) for design in self._designs}, key=lambda array: (array[0] * array[1], array)
        )
        bits = list(dict.fromkeys(design.bits for design in self._designs))
        for design in self._designs:
            key = "x".join(map(str, self.array(design))), design.bits
            cells[key] = max(cells.get(key, 0.0), design.speedup)
        names = ["x".join(map(str, array)) for array in arrays]
        how = f"speed-up {self._against}" + ("" if len(cells) == len(self._designs) else "; the best of all else")
        return draw_heat_map(cells, names, bits, (f"Speed-up: {self._of}", "PE array", "bits"), how)

    def parallel(self) -> Figure:
        """All parameters that vary, then speed-up and the error."""
        uprights = [
            self._upright(
                name, [getattr(d, name) if name in ("hardware", BITS) else d.parameters[name] for d in self._designs]
            )
            for name in self._table.parameters
        ]
        speedups = [design.speedup for design in self._designs]
        results = [_scale("speed-up", speedups), _scale("error", [design.error for design in self._designs])]
        varying = [upright for upright in (*uprights, *results) if upright is not None]
        return draw_parallel(varying, speedups, f"All parameters: {self._of}", "speed-up")

    def bandwidth_sensitivity(self) -> Figure:
        """Latency and speed-up over the DRAM's bandwidth."""
        return self._sensitivity(lambda design: self.bandwidth(design) / 1e9, "peak DRAM bandwidth [GB/s]")

    def sensitivity(self, path: str, name: str) -> Figure:
        """Latency and speed-up over a parameter with numbers for values, a line for each of the bits."""
        return self._sensitivity(lambda design: float(design.parameters[path]), name)

    def _sensitivity(self, quantity: Callable[[Design], float], name: str) -> Figure:
        series: dict[str, dict[float, list[tuple[float, float]]]] = {}
        for design in self._designs:
            points = series.setdefault(design.bits, {})
            points.setdefault(quantity(design), []).append((design.seconds, design.speedup))
        return draw_sensitivity(series, f"Sensitivity: {self._of}", name)

    def rooflines(self) -> Figure:
        """Every point under its roof, and against its baseline."""
        points = [
            RoofPoint(
                design.bits,
                row.macs or 0,
                max(1, (row.dram_read_bytes or 0) + (row.dram_write_bytes or 0)),
                row.seconds or 0.0,
                row.baseline_seconds or 0.0,
                None if np.isinf(peak := self.bandwidth(design)) else peak,
            )
            for design in self._designs
            for row in design.rows
        ]
        return draw_rooflines(points, f"All points: {self._of}")

    def _label(self, design: Design) -> str:
        """What tells a design from the others, without what depends on it."""
        known = [name for name in self._table.parameters if name not in ("hardware", BITS)]
        array = "x".join(map(str, self.array(design))) if any(name.startswith("array.") for name in known) else ""
        rest = [name for name in known if name not in ("array.rows", "array.cols")]
        most = 0 if array else 2  # more words would not find room
        words = [f"{name.rpartition('.')[2]}={short(design.parameters[name])}" for name in rest[:most]]
        return " ".join(filter(None, (array, *words, design.bits)))

    def _upright(self, name: str, values: Sequence[Any]) -> Upright | None:
        """A parameter's axis, its values at even distances; None if it does not vary."""
        different = sorted(dict.fromkeys(map(_key, values)))
        if len(different) < 2:
            return None
        texts = {_key(value): short(value) for value in values}
        place = {key: index / (len(different) - 1) for index, key in enumerate(different)}
        ticks = [(height, texts[key]) for key, height in place.items()]
        return Upright(name.rpartition(".")[2], [place[_key(value)] for value in values], ticks)


def _key(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then text, then null."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, float(value), ""
    return (2, 0.0, "") if value is None else (1, 0.0, str(value))


def _scale(name: str, values: Sequence[float]) -> Upright | None:
    """A result's axis, logarithmic."""
    logs = np.log10(np.maximum(values, 1e-12))
    low, high = float(logs.min()), float(logs.max())
    if high == low:
        return None
    ticks = [(step / 4, f"{10 ** (low + (high - low) * step / 4):.3g}") for step in range(5)]
    return Upright(name, ((logs - low) / (high - low)).tolist(), ticks)
