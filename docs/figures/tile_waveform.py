"""Draws docs/figures/tile_waveform.png, the figure of docs/rtl.md: python -m docs.figures.tile_waveform

One tile on a 4 x 3 array at w8a8: above, the Verilog's registers from the VCD that Icarus wrote; below, the simulator's
trace for a layer that is this tile. Cycle 0 is the first in which weights are at the array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
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
from accelsim.report.figures.style import TYPOGRAPHY, add_heading, grid, new_figure
from accelsim.report.palette import CAUSE_COLOURS, INK, LIGHT_GREY
from accelsim.simulation import memory_view
from accelsim.tlm import Trace, run_until_idle
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from tests.rtl.icarus import simulate

ROWS, COLS, PIXELS, FOLDS = 4, 3, 6, 2
NANOSECONDS_PER_CYCLE = 2
LAYER = """
name: tile
input: {name: x, shape: [8, 2, 3]}
layers: [{name: tile, kind: conv2d, input: x, out_channels: 3, kernel: 1}]
"""
Wave = list[str]
"""A signal's bits in each cycle, just before the clock's edge; `x` where one is unknown."""


@dataclass(frozen=True)
class Row:
    """A line of the upper panel: `width` bits of a signal from `low` on, and how they are written (None: a level)."""

    label: str
    signal: str
    low: int = 0
    width: int = 1
    text: Callable[[int], str] | None = None

    def values(self, wave: Wave) -> list[int | None]:
        """The bits as numbers, None where one is unknown."""
        found = [bits[len(bits) - self.low - self.width : len(bits) - self.low] for bits in wave]
        return [None if "x" in bits else int(bits, 2) for bits in found]


def operand(word: int) -> str:
    """An 8-bit operand as an integer: its sign, significand and shift."""
    return str((-1) ** (word >> 16 & 1) * (word >> 8 & 255) << (word & 15))


def sum_0(port: int) -> str:
    """The first of the four sums of a column."""
    return str(port - (port >> 31) * 2**32)


def pe(row: int, col: int) -> str:
    return f"decoded_array.array.row[{row}].col[{col}].pe."


TOP = "decoded_array.array."
SIGNALS = (
    Row("load", TOP + "load"),
    Row("weights in, column 0", TOP + "weights", 0, 20, operand),
    Row("swap", TOP + "swap"),
    Row("valid", TOP + "valid"),
    Row("PE 0,0 shadow weight", pe(0, 0) + "shadow", 0, 20, operand),
    Row("PE 0,0 active weight", pe(0, 0) + "active", 0, 20, operand),
    Row("PE 0,0 input", pe(0, 0) + "inputs_out", 0, 20, operand),
    Row("PE 3,2 active weight", pe(3, 2) + "active", 0, 20, operand),
    Row("PE 3,2 input", pe(3, 2) + "inputs_out", 0, 20, operand),
    Row("sums valid, column 0", TOP + "sums_valid", 0),
    Row("sums valid, column 2", TOP + "sums_valid", 2),
    Row("sum out, column 2", pe(3, 2) + "sums_out", 0, 32, sum_0),
)


def read_vcd(path: Path) -> dict[str, Wave]:
    """Every signal of a dump by its path, cycle by cycle."""
    scope: list[str] = []
    names: dict[str, list[tuple[str, int]]] = {}
    changes: dict[str, list[tuple[int, int | str]]] = {}
    time = 0
    with path.open("rb") as stream:
        for token in tokenize(stream):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                name = ".".join([*scope, token.var.reference])
                names.setdefault(token.var.id_code, []).append((name, token.var.size))
            elif token.kind is TokenKind.CHANGE_TIME:
                time = token.time_change
            elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR):
                change = token.scalar_change if token.kind is TokenKind.CHANGE_SCALAR else token.vector_change
                changes.setdefault(change.id_code, []).append((time, change.value))
    cycles = time // NANOSECONDS_PER_CYCLE + 1
    return {name: sampled(changes.get(code, []), size, cycles) for code, known in names.items() for name, size in known}


def sampled(changes: list[tuple[int, int | str]], size: int, cycles: int) -> Wave:
    """The last value up to the start of each cycle; its clock edge comes a nanosecond later."""
    wave, bits, rest = [], "x" * size, list(reversed(changes))
    for cycle in range(cycles):
        while rest and rest[-1][0] <= cycle * NANOSECONDS_PER_CYCLE:
            value = rest.pop()[1]
            text = f"{value:b}" if isinstance(value, int) else value
            bits = text.rjust(size, "x" if text[0] == "x" else "0")
        wave.append(bits)
    return wave


def simulated() -> dict[str, tuple[int, ...]]:
    """The simulator's trace of the tile, from the start of its multiplication: its end, when the others were done."""
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
    found: dict[str, tuple[int, ...]] = {"multiply": (0, multiplied.b)}
    for name in ("load", "process", "store"):
        found[name] = tuple(record.cycle - start for record in trace if record.event == name)
    return found


def draw(waves: dict[str, Wave], tile: dict[str, tuple[int, ...]]) -> Figure:
    """The Verilog above, the simulator below, on one axis of cycles."""
    first = waves[TOP + "load"].index("1")
    shown = range(-2, tile["multiply"][1] + 3)
    figure = new_figure(9.5, 5.4, left=1.65, right=0.2, top=0.7, bottom=0.45)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(len(SIGNALS), 4), gridspec_kw={"hspace": 0.06})
    for place, row in enumerate(SIGNALS):
        wave = waves[row.signal][first + shown.start : first + shown.stop]
        draw_signal(upper, -place, shown.start, row.values(wave), row.text)
    upper.set_yticks([0.3 - place for place in range(len(SIGNALS))], [row.label for row in SIGNALS])
    upper.set_ylim(0.3 - len(SIGNALS), 1)
    draw_trace(lower, tile, shown.stop)
    for axes in (upper, lower):
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        grid(axes, "x")
    lower.set_xlim(shown.start, shown.stop)
    lower.set_xticks(range(0, shown.stop, 2))
    lower.set_xlabel("cycle")
    title = "One tile on a 4 x 3 array at w8a8: six pixels, reduction 8 in two folds, three outputs"
    note = (
        "above: Verilog in Icarus, operands in units of 1/64 and 1/128; below: the simulator's trace of the same tile"
    )
    add_heading(figure, title, note)
    return figure


def draw_signal(
    axes: Axes, base: float, start: int, values: list[int | None], text: Callable[[int], str] | None
) -> None:
    """A level, or a box for each value that a bus holds; grey where it is unknown."""
    if text is None:
        levels = [base + 0.6 * (value or 0) for value in values]
        axes.step(range(start, start + len(levels) + 1), [*levels, levels[-1]], where="post", color=INK, linewidth=1.1)
        return
    begin = start
    for value, same in groupby(values):
        length = len(list(same))
        colour = LIGHT_GREY if value is None else "white"
        box = [(begin + 0.06, length - 0.12)], (base, 0.62)
        axes.broken_barh(*box, facecolors=colour, edgecolors=INK, linewidth=0.7)
        if value is not None:
            axes.text(begin + length / 2, base + 0.29, text(value), ha="center", va="center", fontsize=6.5)
        begin += length


def draw_trace(axes: Axes, tile: dict[str, tuple[int, ...]], end_of_axis: int) -> None:
    """The tile's time on the array as the model explains it; what comes before and behind as marks."""
    load, streaming, total = ROWS, FOLDS * PIXELS, tile["multiply"][1]
    drain = total - load - streaming
    for begin, length, cause, what in (
        (0, load, "fill_drain", "load"),
        (load, streaming, "computing", "two folds stream"),
        (load + streaming, drain, "fill_drain", "skew, drain"),
    ):
        axes.broken_barh([(begin, length)], (-1, 0.7), facecolors=CAUSE_COLOURS[cause], edgecolors="white")
        axes.text(begin + length / 2, -0.65, f"{what} {length}", ha="center", va="center", fontsize=7)
    for place, name in ((0, "load"), (-2, "process"), (-3, "store")):
        for cycle in tile[name]:
            if cycle < end_of_axis:
                axes.plot([cycle], [place + 0.35], "D", color=INK, markersize=4, clip_on=False)
            else:
                later = f"in cycle {cycle} \N{RIGHTWARDS ARROW}"
                axes.text(end_of_axis - 0.2, place + 0.35, later, ha="right", va="center", fontsize=7)
    axes.set_yticks([0.35, -0.65, -1.65, -2.65], ["operands on chip", "array multiplies", "vector unit done", "stored"])
    axes.set_ylim(-3.2, 1)


def main() -> None:
    """Simulate both, and draw."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        simulate(directory, "decoded_array", "drive_tile", vcd=True, ROWS=ROWS, COLS=COLS)
        waves = read_vcd(directory / "tile.vcd")
    with mpl.rc_context(TYPOGRAPHY):
        draw(waves, simulated()).savefig(Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
