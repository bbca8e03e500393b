"""Lower bounds that no schedule can beat (docs/timing-model.md, "What always holds")."""

from __future__ import annotations

from accelsim.analytic.compute import ArrayShape
from accelsim.units import ceil_div
from accelsim.workload.layers import Gemm


def compute_bound_cycles(gemm: Gemm, shape: ArrayShape) -> int:
    """Every PE busy in every cycle."""
    return ceil_div(gemm.macs, shape.macs_per_cycle)


def roofline_cycles(compute_bound_cycles: int, dram_bytes: int, bytes_per_cycle: float) -> float:
    """The later of the PEs and of the DRAM's bus, at its peak of `bytes_per_cycle` (may be infinite), to be done."""
    return max(compute_bound_cycles, dram_bytes / bytes_per_cycle)
