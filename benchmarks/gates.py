"""What the blocks of rtl/ cost in gates: Yosys maps each to the cells of rtl/cells.genlib.

`python -m benchmarks.gates` (a minute at most; needs the extra `rtl`) writes accelsim/analytic/gates.json, from which
the `iso-area` baseline takes its sizes, and the table of docs/rtl.md. A gate is the area of a NAND2 cell.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.markdown import replace_table

ROOT = Path(__file__).parents[1]
RTL = ROOT / "rtl"
PAGE = ROOT / "docs" / "rtl.md"
TABLE = ROOT / "accelsim" / "analytic" / "gates.json"

FLIP_FLOP, FLIP_FLOP_UM2 = "$_DFF_P_", 4.522  # DFF_X1 of the same library; its clock and reset trees are not counted
NOT_CELLS = {"$scopeinfo"}

#: name -> (module, parameters). The encoder takes a result of 32 bits, half of them behind the point.
DESIGNS: dict[str, tuple[str, dict[str, int]]] = {
    **{f"decoder_{bits}": ("dybit_decoder", {"BITS": bits}) for bits in range(2, 9)},
    "decoder_lane": ("decoder_lane", {}),
    **{f"encoder_{bits}": ("dybit_encoder", {"BITS": bits, "WIDTH": 32, "FRACTION": 16}) for bits in range(2, 9)},
    "pe_8_2": ("dybit_pe", {"MIN_BITS": 2}),
    "pe_8_4": ("dybit_pe", {"MIN_BITS": 4}),
    "int8_pe": ("int_pe", {"BITS": 8}),
    "int16_pe": ("int_pe", {"BITS": 16}),
    "fp32_pe": ("fp32_pe", {}),
    "fp32_mac": ("fp32_mac", {}),
}

# Booth multipliers; logic made small and shallow, then mapped for area.
PASSES = """read_verilog {rtl}/*.v
{parameters}
synth -noabc -flatten -booth -top {module}
dfflegalize -cell $_DFF_P_ x
abc -genlib {rtl}/cells.genlib -script +strash;&get,-n;&fraig,-x;&put;scorr;dc2;dc2;strash;dch;amap;print_stats
opt_clean"""


def main() -> None:
    """Count the gates of every design; write the table and the page."""
    blocks = count_all(DESIGNS)
    document = {"tool": f"Yosys {version('pyosys')}", "sources": sources_digest(), "blocks": blocks}
    TABLE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    replace_table(PAGE, "gates", rows(blocks))


def count_all(names: Iterable[str]) -> dict[str, dict[str, int]]:
    """What `count` finds, each in a fresh process: Yosys numbers what it makes, and its results depend on that."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(max_workers=2, mp_context=spawn, max_tasks_per_child=1) as pool:
        return dict(zip(names, pool.map(count, names), strict=True))


def count(name: str) -> dict[str, int]:
    """Gates of a design, flip-flops among its cells, and cells one after the other between registers or ports."""
    from pyosys import libyosys  # a hundred megabytes, not needed to read the table

    (module, parameters), areas = DESIGNS[name], cell_areas()
    design = libyosys.Design()
    settings = "\n".join(f"chparam -set {name} {value} {module}" for name, value in parameters.items())
    with TemporaryDirectory() as directory:

        def printed(command: str) -> str:
            path = Path(directory) / "printed"
            libyosys.run_pass(f"tee -q -o {path} {command}", design)
            return path.read_text(encoding="utf-8")

        passes = PASSES.format(rtl=RTL, parameters=settings, module=module).splitlines()
        log = "".join(printed(command) for command in passes if command)
        cells = json.loads(printed("stat -json"))["design"]["num_cells_by_type"]
    (depth,) = re.findall(r"lev = *(\d+)", log)
    um2 = sum(number * areas[name] for name, number in cells.items() if name not in NOT_CELLS)
    return {"gates": round(um2 / areas["NAND2"]), "flip_flops": cells.get(FLIP_FLOP, 0), "depth": int(depth)}


def sources_digest() -> str:
    """SHA-256, in hexadecimal, of the Verilog and the cells without comments and white space: what was counted."""
    digest = hashlib.sha256()
    for path in [*sorted(RTL.glob("*.v")), RTL / "cells.genlib"]:
        code = re.sub(r"//.*|^#.*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        digest.update(" ".join(code.split()).encode())
    return digest.hexdigest()


def cell_areas() -> dict[str, float]:
    """um^2 of each cell that a netlist may hold."""
    library = (RTL / "cells.genlib").read_text(encoding="utf-8")
    areas = {name: float(um2) for name, um2 in re.findall(r"^GATE (\w+)\s+([\d.]+)", library, re.MULTILINE)}
    return {**areas, FLIP_FLOP: FLIP_FLOP_UM2}


def rows(blocks: dict[str, dict[str, int]]) -> list[list[str]]:
    """The page's table, sizes also in PEs."""
    largest = blocks["pe_8_2"]["gates"]
    body = []
    for name, block in blocks.items():
        counts = [str(block[what]) for what in ("gates", "flip_flops", "depth")]
        body.append([f"`{name}`", *counts, f"{block['gates'] / largest:.3f}"])
    return [["block", "gates", "flip-flops among them", "cells on the longest path", "of a PE (`pe_8_2`)"], *body]


if __name__ == "__main__":
    main()
