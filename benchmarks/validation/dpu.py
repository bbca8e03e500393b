"""Xilinx's DPU against boards with one, two and three of its cores: frames a second of many threads, and DRAM traffic.

Measured: Xilinx/Vitis-AI tag v2.0, models/AI-Model-Zoo/README.md, "Performance on ZCU102 (0432055-05)", "ZCU104" and
"Kria KV260 SOM"; the DRAM traffic of a core that runs alone: docs.amd.com PG338 3.4, "I/O Bandwidth Requirements",
whose clock is not stated.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from accelsim.config.presets import load_hardware
from accelsim.result import Totals
from accelsim.simulation import run_network
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import uniform_precision
from benchmarks.validation.comparison import Comparison
from benchmarks.validation.single_layer import read_rows

WORKLOADS = (Path(__file__).parents[2] / "workloads", Path(__file__).parent / "workloads")


class Board(NamedTuple):
    """The cores of a board, and what of its machine differs from the preset."""

    cores: int
    overrides: tuple[str, ...]


#: What starting a run takes: the preset's `controller.start_cycles` at 281 MHz.
START_MICROSECONDS = 71
#: The preset's times in cycles of 300 MHz.
AT_300_MHZ = (
    "clock_hz=300000000",
    "interconnect.latency_cycles=67",
    f"controller.start_cycles={300 * START_MICROSECONDS}",
)
#: 75 % of the DRAM's peak, as in the preset. The ZCU104 is given the ZCU102's DRAM; the KV260 has 64 bits of DDR4-2400
#: (Xilinx DS987).
BOARDS = {
    "KV260": Board(1, (*AT_300_MHZ, "dram.preset=ddr4-2400", "interconnect.bytes_per_cycle=48")),
    "ZCU104": Board(2, (*AT_300_MHZ, "interconnect.bytes_per_cycle=42")),
    "ZCU102": Board(3, ()),
}

#: MB/s, on average, of a core alone.
TRAFFIC = {"resnet50_caffe": 3132, "inception_v1": 2474}


def compare() -> Comparison:
    """Frames a second of every network on every board."""
    boards = " | ".join(f"{name}, {board.cores} | model | error" for name, board in BOARDS.items())
    table = [f"| network | {boards} |", "|---|" + "---|---|---|" * len(BOARDS)]
    measured = {(row["board"], row["network"]): float(row["many_threads"]) for row in read_rows("dpu_boards.csv")}
    errors = []
    for network in dict.fromkeys(network for _, network in measured):
        cells = [network]
        for name, board in BOARDS.items():
            modelled = frames_per_second(network, board)
            errors.append(modelled / measured[name, network] - 1)
            cells += [f"{measured[name, network]}", f"{modelled:.1f}", f"{errors[-1]:+.1%}"]
        table.append(f"| {' | '.join(cells)} |")
    table += ["", "| network | MB/s of a core alone, board | MB/s, model |", "|---|---|---|"]
    for network, board_rate in TRAFFIC.items():
        totals = _totals(network, Board(1, ()))
        moved = (totals.dram_read_bytes + totals.dram_write_bytes) / totals.seconds
        table.append(f"| {network} | {board_rate} | {moved / 1e6:.0f} |")
    return Comparison("dpu", "Xilinx DPU, frames a second", "three boards, 1 to 3 cores", errors, table)


def frames_per_second(network: str, board: Board) -> float:
    """Of all cores, an image on each."""
    totals = _totals(network, board)
    return totals.images / totals.seconds


@cache
def _totals(network: str, board: Board) -> Totals:
    file = next(path for folder in WORKLOADS if (path := folder / f"{network}.yaml").exists())
    workload = load_workload(file)
    hardware = load_hardware("dpu-b4096", [f"cores={board.cores}", *board.overrides])
    return run_network(workload, hardware, uniform_precision(workload, "int8")).totals
