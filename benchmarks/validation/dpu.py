"""Three Xilinx DPU cores on the ZCU102 against what was measured on the board: frames a second with many threads.

Measured: Xilinx/Vitis-AI tag v2.0, models/AI-Model-Zoo/README.md, "Performance on ZCU102 (0432055-05)", 281 MHz.
"""

from __future__ import annotations

from pathlib import Path

from accelsim.config.presets import load_hardware
from accelsim.simulation import run_network
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import uniform_precision
from benchmarks.validation.comparison import Comparison

WORKLOADS = Path(__file__).parents[2] / "workloads"
#: Our network, the measured one, its G multiply-accumulates a frame, frames a second with many threads.
MEASURED = (
    ("resnet50", "pt_resnet50 (4.1G)", 4.1, 168.4),
    ("resnet50", "cf_resnet50 (7.7G operations)", 3.86, 188.2),
)


def compare() -> Comparison:
    """Frames a second; where the measured network has other work, scaled by the multiply-accumulates."""
    table = ["| network | measured as | frames/s, board | frames/s, model | error |", "|---|---|---|---|---|"]
    errors, hardware = [], load_hardware("dpu-b4096")
    for name, measured_as, giga_macs, board in MEASURED:
        workload = load_workload(WORKLOADS / f"{name}.yaml")
        totals = run_network(workload, hardware, uniform_precision(workload, "int8")).totals
        model = totals.images / totals.seconds * (workload.macs / 1e9) / giga_macs
        errors.append(model / board - 1)
        table.append(f"| {name} | {measured_as} | {board} | {model:.1f} | {errors[-1]:+.1%} |")
    return Comparison("dpu", "Xilinx DPU, frames a second", "the ZCU102 board", errors, table)
