"""The Verilog of rtl/ in Icarus against `quant.formats`, numpy, functional runs, and the cycles of the closed form.

The comparisons are those of tests/rtl, run once more and counted; the first result that differs stops the run.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from accelsim.config.hardware import ArrayConfig
from benchmarks.validation.comparison import Comparison, percent
from tests.rtl.functional_tiles import write_tiles
from tests.rtl.icarus import simulate
from tests.rtl.measured_tiles import MeasuredTile, measured_tiles

ROWS, COLS = 4, 3
#: Module, driver, and what its results are compared with.
VALUES = (
    ("decoder_bench", "drive_decoder", "`quant.formats`: every code of every width and sign"),
    ("encoder_bench", "drive_encoder", "`quant.formats`: every quarter step, to 1.25 times the largest code"),
    ("pe_bench", "drive_pe", "integers of numpy, every mode, overflow included"),
    ("decoded_array", "drive_array", "integers of numpy, every mode"),
    ("decoded_array", "drive_functional", "the array of functional runs, three layers in every mode"),
    ("fp32_mac", "drive_fp32", "float32 of numpy, bit for bit"),
)


def compare_values() -> Comparison:
    """Whatever goes through the Verilog; a case is a code, a number or a sum."""
    table = ["| through the Verilog | against | cases | different |", "|---|---|---|---|"]
    cases = 0
    for top, driver, against in VALUES:
        for what, count in _counted(top, driver).items():
            table.append(f"| {what} | {against} | {count:,} | 0 |")
            cases += count
    return Comparison("rtl", "Verilog, values", "`quant.formats`, numpy, functional runs", [0.0] * cases, table)


def compare_cycles() -> Comparison:
    """Tiles through the array, by mode: the closed form's cycles, which are the simulator's, over the Verilog's."""
    table = ["| mode | tiles | mean error | worst error |", "|---|---|---|---|"]
    by_mode: dict[str, list[MeasuredTile]] = {}
    with TemporaryDirectory() as directory:
        _run(Path(directory), "decoded_array", "drive_array")
        for tile in measured_tiles(Path(directory), ArrayConfig(rows=ROWS, cols=COLS, fusion="combinational")):
            mode = f"w{8 // tile.shape.weight_codes_per_port}a{8 // tile.shape.input_codes_per_port}"
            by_mode.setdefault(mode, []).append(tile)
    errors = []
    for mode, tiles in by_mode.items():
        mine = [tile.modelled_cycles / tile.cycles - 1 for tile in tiles]
        table.append(f"| {mode} | {len(mine)} | {percent(sum(mine) / len(mine))} | {percent(max(mine))} |")
        errors += mine
    return Comparison("rtl-cycles", "Array, cycles of a tile", "its Verilog", errors, table)


def _counted(top: str, driver: str) -> dict[str, int]:
    """What a driver compared, and how many; SimulationFailed if any differed."""
    with TemporaryDirectory() as directory:
        _run(Path(directory), top, driver)
        found: dict[str, int] = json.loads((Path(directory) / "cases.json").read_text(encoding="utf-8"))
    return found


def _run(directory: Path, top: str, driver: str) -> None:
    if driver == "drive_functional":
        write_tiles(directory / "tiles.npz", ROWS, COLS)
    size = {"ROWS": ROWS, "COLS": COLS} if top == "decoded_array" else {}
    simulate(directory, top, driver, **size)
