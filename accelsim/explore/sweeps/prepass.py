"""The closed form first: which designs are worth a simulation, and how often that is wrong (docs/sweep.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from accelsim.analytic.area import array_area_mm2
from accelsim.analytic.estimate import estimated_run_bytes, estimated_run_cycles
from accelsim.config.hardware import Hardware
from accelsim.explore.sweeps.error_proxy import average_weight_bits, error_proxy
from accelsim.explore.sweeps.pareto import costs, fronts
from accelsim.explore.sweeps.space import Candidate, Space
from accelsim.explore.sweeps.space_file import Objective
from accelsim.explore.sweeps.table import Design
from accelsim.simulation import baseline_of, dram_of, memory_view
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload


def promising(space: Space, picked: Sequence[Candidate], keep: float) -> list[Candidate]:
    """The share `keep` of the designs, in their order: those of the first fronts of the estimated objectives.

    Designs whose bits are searched have no estimate and all stay.
    """
    estimator = Estimator(space)
    known = [candidate for candidate in picked if candidate.bits not in space.codesigns]
    values = [[estimator.value(candidate, name) for name in space.file.objectives] for candidate in known]
    most = math.ceil(len(known) * keep)
    kept = {id(known[index]) for index in fronts(costs(values, space.file.objectives), most)[:most]}
    return [candidate for candidate in picked if candidate.bits in space.codesigns or id(candidate) in kept]


class Estimator:
    """Objectives of a design without a simulation, weighted means over the networks as in `table.Design`."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._proxies: dict[str, dict[str, float]] = {}

    def value(self, candidate: Candidate, objective: Objective) -> float:
        """An objective's estimate."""
        machine, networks = self._space.machine(candidate), self._space.networks
        if objective == "array_area_mm2":
            return array_area_mm2(machine)
        if objective in ("speedup", "seconds"):
            seconds = self._mean([_seconds(n.workload, machine, n.precisions[candidate.bits]) for n in networks])
            if objective == "seconds":
                return seconds
            references = [baseline_of(self._space.file.baseline, n.workload, machine) for n in networks]
            return (
                self._mean([_seconds(n.workload, *ref) for n, ref in zip(networks, references, strict=True)]) / seconds
            )
        if candidate.bits not in self._proxies:
            self._proxies[candidate.bits] = self._of_bits(candidate.bits)
        return self._proxies[candidate.bits][objective]

    def _of_bits(self, bits: str) -> dict[str, float]:
        """The objectives that depend on the formats alone, by name."""
        networks = [(network.workload, network.precisions[bits]) for network in self._space.networks]
        return {
            "error": self._mean([error_proxy(*network) for network in networks]),
            "average_bits": self._mean([average_weight_bits(*network) for network in networks]),
            "dram_bytes": self._mean([estimated_run_bytes(*network) for network in networks]),
        }

    def _mean(self, values: Sequence[float]) -> float:
        weights = [network.weight for network in self._space.networks]
        return sum(weight * value for weight, value in zip(weights, values, strict=True)) / sum(weights)


def misorder_of(designs: Sequence[Design], space: Space) -> float:
    """How often the closed form ordered two simulated designs wrongly by speed-up; searched bits do not count."""
    estimator = Estimator(space)
    known = [design for design in designs if design.bits not in space.codesigns]
    estimates = [
        estimator.value(Candidate(design.hardware, design.parameters, design.bits), "speedup") for design in known
    ]
    return misordered(estimates, [design.speedup for design in known])


def _seconds(workload: Workload, machine: Hardware, precision: Precision) -> float:
    bytes_per_cycle = memory_view(machine, dram_of(machine)).bytes_per_cycle
    return estimated_run_cycles(workload, machine, precision, bytes_per_cycle) / machine.clock_hz


def misordered(estimates: Sequence[float], simulated: Sequence[float]) -> float:
    """The share of pairs of designs that estimates put in the wrong order; pairs equal in either do not count."""
    first, second = np.array(estimates), np.array(simulated)
    products = np.sign(first[:, None] - first) * np.sign(second[:, None] - second)
    compared = np.count_nonzero(products)
    return float(np.count_nonzero(products < 0) / compared) if compared else 0.0
