"""The two levels of detail against each other, on the shipped networks: closed forms against every fold and burst."""

from __future__ import annotations

from pathlib import Path

from accelsim.config.presets import load_hardware
from accelsim.simulation import run_network
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision, uniform_precision
from benchmarks.validation.comparison import Comparison

WORKLOADS = Path(__file__).parents[2] / "workloads"
#: ViT-B/16 and VGG-16 take minutes in FP32, fold by fold: as shipped only.
NETWORKS, SHIPPED_ONLY = ("resnet18", "resnet50", "mobilenetv2"), ("vit_b16", "vgg16")
#: A layer beyond this is shown by name; shorter layers than so many cycles are a few DRAM latencies.
SHOWN, SHORTEST = 0.03, 1000


def compare() -> Comparison:
    """Each network as shipped, and most also in FP32, on the machine that it names."""
    table = ["| network | precision | default | fine | difference | layers beyond 3 % |", "|---|---|---|---|---|---|"]
    errors = []
    for name in NETWORKS + SHIPPED_ONLY:
        workload = load_workload(WORKLOADS / f"{name}.yaml")
        hardware = load_hardware(workload.hardware)
        precisions = [resolve_precision(workload, None)]
        if name in NETWORKS:
            precisions.append(uniform_precision(workload, "fp32"))
        for precision in precisions:
            coarse = run_network(workload, hardware, precision)
            fine = run_network(workload, hardware, precision, detail="fine")
            error = coarse.totals.cycles / fine.totals.cycles - 1
            errors.append(error)
            off = [
                f"{one.name} {one.cycles / other.cycles - 1:+.1%}"
                for one, other in zip(coarse.layers, fine.layers, strict=True)
                if other.cycles >= SHORTEST and abs(one.cycles / other.cycles - 1) > SHOWN
            ]
            cells = (name, precision.label, f"{coarse.totals.cycles:,}", f"{fine.totals.cycles:,}", f"{error:+.2%}")
            table.append(f"| {' | '.join(cells)} | {', '.join(off) or '-'} |")
    return Comparison("levels", "Default level, cycles of a run", "the fine level", errors, table)
