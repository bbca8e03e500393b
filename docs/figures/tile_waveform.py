"""Draws docs/figures/tile_waveform.png, the figure of docs/rtl.md: python -m docs.figures.tile_waveform

One tile on a 4 x 3 array at w8a8: above, the Verilog's registers from the VCD that Icarus wrote; below, the trace of the
simulator for a layer that is this tile. Cycle 0 is the first in which weights are at the array.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from simpy import Environment
from vcd.reader import TokenKind, tokenize

from accelsim.config.presets import load_hardware
from accelsim.hw.accelerator import Accelerator
from accelsim.mapping.planner import plan_network
from accelsim.report.figures.style import TYPOGRAPHY, grid, new_figure
from accelsim.report.palette import CAUSE_COLOURS, INK
from accelsim.simulation import memory_view
from accelsim.tlm import Trace, run_until_idle
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from tests.rtl.icarus import DRIVERS, simulate

ROWS, COLS = 4, 3
NANOSECONDS_PER_CYCLE = 2
LAYER = """
name: tile
input: {name: x, shape: [8, 2, 3]}
layers: [{name: tile, kind: conv2d, input: x, out_channels: 3, kernel: 1}]
"""
Wave = list[int]
"""A signal's value in each cycle, just before the clock's edge; -1 where it is unknown."""


@dataclass(frozen=True)
class Row:
    """A line of the upper panel: a signal, and how a value of it is written (None: as a level)."""

    label: str
    signal: str
    text: Callable[[int], str] | None = None


def operand(word: int) -> str:
    """An 8-bit operand as an integer: its sign, significand and shift."""
    return str((-1) ** (word >> 16 & 1) * (word >> 8 & 255) << (word & 15))


def sum_0(port: int) -> str:
    """The first of the four sums of a column."""
    return str((port & 2**32 - 1) - (port >> 31 & 1) * 2**32)


def pe(row: int, col: int) -> str:
    return f"decoded_array.array.row[{row}].col[{col}].pe."


TOP = "decoded_array.array."
SIGNALS = (
    Row("load", TOP + "load"),
    Row("weights in, column 0", TOP + "weights", operand),
    Row("swap", TOP + "swap"),
    Row("valid", TOP + "valid"),
    Row("PE 0,0 shadow weight", pe(0, 0) + "shadow", operand),
    Row("PE 0,0 active weight", pe(0, 0) + "active", operand),
    Row("PE 0,0 input", pe(0, 0) + "inputs_out", operand),
    Row("PE 3,2 active weight", pe(3, 2) + "active", operand),
    Row("PE 3,2 input", pe(3, 2) + "inputs_out", operand),
    Row("sums valid, column 0", TOP + "sums_valid[0]"),
    Row("sums valid, column 2", TOP + "sums_valid[2]"),
    Row("sum out, column 2", pe(3, 2) + "sums_out", sum_0),
)


def read_vcd(path: Path) -> dict[str, Wave]:
    """Every signal of a dump by its path, cycle by cycle; the bits of a vector also one by one, as `name[2]`."""
    scope: list[str] = []
    names: dict[str, list[tuple[str, int]]] = {}
    changes: dict[str, list[tuple[int, int]]] = {}
    time = 0
    with path.open("rb") as stream:
        for token in tokenize(stream):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                names.setdefault(token.var.id_code, []).append((".".join([*scope, token.var.reference]), token.var.size))
            elif token.kind is TokenKind.CHANGE_TIME:
                time = token.time_change
            elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR):
                change = token.scalar_change if token.kind is TokenKind.CHANGE_SCALAR else token.vector_change
                known = str(change.value) in "01" or isinstance(change.value, int)
                changes.setdefault(change.id_code, []).append((time, int(change.value) if known else -1))
    waves: dict[str, Wave] = {}
    for code, aliases in names.items():
        wave = sampled(changes.get(code, []), time // NANOSECONDS_PER_CYCLE + 1)
        for name, size in aliases:
            waves[name] = wave
            if 1 < size <= COLS:
                waves |= {f"{name}[{bit}]": [-1 if value < 0 else value >> bit & 1 for value in wave] for bit in range(size)}
    return waves


def sampled(changes: list[tuple[int, int]], cycles: int) -> Wave:
    """The last value up to the start of each cycle; its clock edge comes a nanosecond later."""
    wave, value, rest = [], -1, list(reversed(changes))
    for cycle in range(cycles):
        while rest and rest[-1][0] <= cycle * NANOSECONDS_PER_CYCLE:
            value = rest.pop()[1]
        wave.append(value)
    return wave


def simulated() -> dict[str, tuple[int, int]]:
    """(first cycle, end) of what the simulator's trace has of the tile, from the start of its multiplication."""
    workload = parse_workload(LAYER)
    hardware = load_hardware("zcu102", [f"array.rows={ROWS}", f"array.cols={COLS}", "dram.preset=ideal"])
    precision = resolve_precision(workload, "w8a8")
    schedule = plan_network(workload, hardware, precision, memory_view(hardware, None))
    env, trace = Environment(), Trace()
    accelerator = Accelerator(env, hardware, None, schedule, trace)
    accelerator.start()
    run_until_idle(env, accelerator)
    [multiplied] = [record for record in trace if record.event == "multiply"]
    start = multiplied.cycle - multiplied.b
    found = {"multiply": (0, multiplied.b)}
    found |= {name: (record.cycle - start,) * 2 for record in trace for name in ("process", "store") if record.event == name}
    loads = [record.cycle - start for record in trace if record.event == "load"]
    return found | {"load": (min(loads), max(loads))}


def draw(waves: dict[str, Wave], tile: dict[str, tuple[int, int]]) -> Figure:
    """The Verilog above, the simulator below, on one axis of cycles."""
    first = waves[TOP + "load"].index(1)
    shown = range(-3, max(end for _, end in tile.values()) + 2)
    figure = new_figure(9.0, 5.6, left=1.75, right=0.25, top=0.75, bottom=0.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(len(SIGNALS), 4), gridspec_kw={"hspace": 0.06})
    for place, row in enumerate(SIGNALS):
        wave = [waves[row.signal][first + cycle] for cycle in shown if first + cycle < len(waves[row.signal])]
        draw_signal(upper, -place, shown.start, wave, row.text)
    upper.set_yticks([0.3 - place for place in range(len(SIGNALS))], [row.label for row in SIGNALS])
    upper.set_ylim(0.3 - len(SIGNALS), 1)
    draw_trace(lower, tile)
    for axes in (upper, lower):
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        grid(axes, "x")
    lower.set_xlim(shown.start, shown.stop)
    lower.set_xticks(range(0, shown.stop, 2))
    lower.set_xlabel("cycle")
    title = "One tile on a 4 x 3 array: six inputs, reduction 8 in two folds, three outputs, w8a8"
    figure.text(0.12 / 9, 1 - 0.12 / 5.6, title, va="top", fontsize=11, fontweight="bold")
    note = "above: the Verilog in Icarus, operands in units of 1/128 and 1/64; below: the simulator's trace of the same layer"
    figure.text(0.12 / 9, 1 - 0.36 / 5.6, note, va="top", fontsize=8.5, color="#555555")
    return figure


def draw_signal(axes: Axes, base: float, start: int, wave: Wave, text: Callable[[int], str] | None) -> None:
    """A level, or a box for each value that a bus holds."""
    if text is None:
        levels = [base + 0.6 * max(value, 0) for value in wave]
        axes.step(range(start, start + len(wave) + 1), [*levels, levels[-1]], where="post", color=INK, linewidth=1.1)
        return
    begin = 0
    for place in range(1, len(wave) + 1):
        if place == len(wave) or wave[place] != wave[begin]:
            known = wave[begin] >= 0
            axes.broken_barh(
                [(start + begin + 0.06, place - begin - 0.12)], (base, 0.6), facecolors="white" if known else "#EEEEEE",
                edgecolors=INK, linewidth=0.7,
            )  # fmt: skip
            if known:
                axes.text(start + (begin + place) / 2, base + 0.28, text(wave[begin]), ha="center", va="center", fontsize=6)
            begin = place


def draw_trace(axes: Axes, tile: dict[str, tuple[int, int]]) -> None:
    """The tile's time on the array as the model explains it; what comes before and behind as marks."""
    load, streaming, total = ROWS, 2 * 6, tile["multiply"][1]
    parts = ((0, load, "fill_drain"), (load, streaming, "computing"), (load + streaming, total - load - streaming, "fill_drain"))
    for begin, length, cause in parts:
        axes.broken_barh([(begin, length)], (-1, 0.7), facecolors=CAUSE_COLOURS[cause], edgecolors="white")
        axes.text(begin + length / 2, -0.65, f"{cause.replace('_', '/')} {length}", ha="center", va="center", fontsize=7)
    for place, name in ((0, "load"), (-2, "process"), (-3, "store")):
        begin, end = tile[name]
        axes.plot([begin, end], [place + 0.35] * 2, "D", color=INK, markersize=4)
    axes.set_yticks([0.35, -0.65, -1.65, -2.65], ["operands on chip", "array multiplies", "vector unit done", "stored"])
    axes.set_ylim(-3.2, 1)


def main() -> None:
    """Simulate both, and draw."""
    sys.path.insert(0, str(DRIVERS))
    with TemporaryDirectory() as name:
        directory = Path(name)
        simulate(directory, "decoded_array", "drive_tile", also=("vcd_dump",), ROWS=ROWS, COLS=COLS)
        waves = read_vcd(directory / "tile.vcd")
    with mpl.rc_context(TYPOGRAPHY):
        draw(waves, simulated()).savefig(Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
