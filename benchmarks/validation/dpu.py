"""Three Xilinx DPU cores on the ZCU102 against what was measured on the board: frames a second with many threads.

Measured: Xilinx/Vitis-AI tag v2.0, models/AI-Model-Zoo/README.md, "Performance on ZCU102 (0432055-05)", 281 MHz; the
DRAM traffic of a core that runs alone: docs.amd.com PG338 3.4, "I/O Bandwidth Requirements", whose clock is not stated.
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

WORKLOADS = Path(__file__).parents[2] / "workloads"


class Measured(NamedTuple):
    """Our network, the measured one, its G multiply-accumulates a frame, frames a second of many threads and of one."""

    network: str
    name: str
    giga_macs: float
    many_threads: float
    one_thread: float


MEASURED = (
    Measured("resnet50", "pt_resnet50 (4.1G)", 4.1, 168.4, 71.0),
    Measured("resnet50", "cf_resnet50 (7.7G operations)", 3.86, 188.2, 80.3),
    Measured("inception_v1", "cf_inceptionv1 (3.16G operations)", 1.58, 470.2, 181.8),
)

#: MB/s, on average, of a core alone.
TRAFFIC = {"resnet50": 3132, "inception_v1": 2474}


def compare() -> Comparison:
    """Frames a second; where the measured network has other work, scaled by the multiply-accumulates."""
    columns = ("network", "measured as", "frames/s, board", "model", "error", "one thread, board", "one core, model")
    table = [f"| {' | '.join(columns)} |", "|---|---|---|---|---|---|---|"]
    errors = []
    for measured in MEASURED:
        every_core, one_core = (_frames_per_second(measured, cores) for cores in (3, 1))
        errors.append(every_core / measured.many_threads - 1)
        table.append(
            f"| {measured.network} | {measured.name} | {measured.many_threads} | {every_core:.1f} | {errors[-1]:+.1%} "
            f"| {measured.one_thread} | {one_core:.1f} |"
        )
    table += ["", "| network | MB/s of a core alone, board | MB/s, model |", "|---|---|---|"]
    for network, board in TRAFFIC.items():
        totals = _totals(network, 1)
        moved = (totals.dram_read_bytes + totals.dram_write_bytes) / totals.seconds
        table.append(f"| {network} | {board} | {moved / 1e6:.0f} |")
    return Comparison("dpu", "Xilinx DPU, frames a second", "the ZCU102 board", errors, table)


def _frames_per_second(measured: Measured, cores: int) -> float:
    totals = _totals(measured.network, cores)
    return totals.macs / totals.seconds / 1e9 / measured.giga_macs


@cache
def _totals(network: str, cores: int) -> Totals:
    workload = load_workload(WORKLOADS / f"{network}.yaml")
    hardware = load_hardware("dpu-b4096", [f"cores={cores}"])
    return run_network(workload, hardware, uniform_precision(workload, "int8")).totals
