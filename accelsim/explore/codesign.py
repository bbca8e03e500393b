"""Hardware-aware bit allocation: search with the cost table, then simulate what was chosen. See docs/codesign.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from accelsim.config.hardware import Hardware
from accelsim.errors import InputError
from accelsim.simulation import Progress, run_network
from accelsim.workload.layers import Workload
from accelsim.workload.precision import allocated_precision
from quant.allocation import exact, greedy
from quant.allocation.file import LayerFormats
from quant.allocation.front import front as exact_front
from quant.allocation.problem import Problem, Quantity
from quant.allocation.solution import InfeasibleError, Limits, Solution

Method = Literal["exact", "greedy"]
Origin = Literal["exact", "greedy", "uniform"]
_ROUNDS = 4


@dataclass(frozen=True)
class Design:
    """An allocation, the method that found it, and its speed-up over the baseline, by the table and simulated.

    `error` is the sum of the noise-to-signal of every weight and activation tensor; `optimality_gap` how far it can be
    from the best possible at most, by the table, None where the method gives no bound.
    """

    allocation: dict[str, LayerFormats]
    method: Origin
    error: float
    average_bits: float
    size_bytes: float
    predicted_speedup: float
    simulated_speedup: float
    optimality_gap: float | None


@dataclass(frozen=True)
class Codesign:
    """The search for one network on one machine, against a baseline of so many cycles."""

    workload: Workload
    hardware: Hardware
    problem: Problem
    baseline_cycles: int
    progress: Progress | None = None

    def for_speedup(self, speedup: float, method: Method, others: Limits | None = None) -> Design:
        """The least error at a speed-up of the *simulated* run, under other limits.

        Prefetch and residency make a run differ from the table's sum by about a percent, so the search is repeated with
        a tighter limit while the simulation misses the target; after four rounds the last one stands, and its
        `simulated_speedup` says by how much it missed. InputError for a speed-up that the table cannot reach, with the
        best one.
        """
        wanted_cycles = self.baseline_cycles / speedup
        limit, design = wanted_cycles, None
        for _ in range(_ROUNDS):
            limits: dict[Quantity, float] = {**(others or {}), "cycles": limit}
            try:
                found = self._search("error", limits, method)
            except InfeasibleError as error:
                if design is not None:
                    return design
                raise self._unreachable(error) from None
            design = self._simulated(found, method)
            if design.simulated_speedup >= speedup:
                break
            limit = min(limit, found.cycles) * design.simulated_speedup / speedup
        assert design is not None
        return design

    def for_error(self, error: float, method: Method, others: Limits | None = None) -> Design:
        """The fastest at an error of at most so much, under other limits. InputError with the least error there is."""
        try:
            return self._simulated(self._search("cycles", {**(others or {}), "error": error}, method), method)
        except InfeasibleError as infeasible:
            raise self._unreachable(infeasible) from None

    def front(self, points: int = 24, others: Limits | None = None) -> list[Design]:
        """The whole trade: the exact front, fastest first, and what the greedy search finds at the same cycles."""
        try:
            best = exact_front(self.problem, points, others)
        except InfeasibleError as error:
            raise self._unreachable(error) from None
        designs = [self._simulated(solution, "exact") for solution in best]
        for solution in best:
            try:
                limits: dict[Quantity, float] = {**(others or {}), "cycles": solution.cycles}
                designs.append(self._simulated(self._search("error", limits, "greedy"), "greedy"))
            except InfeasibleError:  # the greedy search gets stuck before the fastest points
                continue
        return designs

    def uniform(self) -> list[Design]:
        """Every free choice at the same width, a design for each width: what mixing has to beat."""
        most = max(len(choice.formats) for choice in self.problem.choices)
        assignments = [tuple(min(k, len(c.formats) - 1) for c in self.problem.choices) for k in range(most)]
        return [
            self._simulated(Solution.of(self.problem, assignment, "error"), "uniform") for assignment in assignments
        ]

    def _search(self, quantity: Quantity, limits: Limits, method: Method) -> Solution:
        if method == "exact":
            return exact.minimise(self.problem, quantity, limits)
        return greedy.minimise(self.problem, quantity, limits)

    def _simulated(self, solution: Solution, method: Origin) -> Design:
        allocation = self.problem.formats(solution.assignment)
        return Design(
            allocation,
            method,
            solution.error,
            solution.average_bits,
            solution.size_bits / 8,
            self.baseline_cycles / solution.cycles,
            self.baseline_cycles / self._simulated_cycles(allocation),
            solution.gap,
        )

    def _simulated_cycles(self, allocation: dict[str, LayerFormats]) -> int:
        precision = allocated_precision(self.workload, allocation, "codesign")
        return run_network(self.workload, self.hardware, precision, self.progress).totals.cycles

    def _unreachable(self, error: InfeasibleError) -> InputError:
        if error.quantity == "cycles":
            best = self.baseline_cycles / error.best
            wanted = self.baseline_cycles / error.limit
            return InputError("--speedup", f"{wanted:.4g} cannot be reached", f"up to {best:.4g}")
        return InputError(f"--{error.quantity.replace('_', '-')}", error.found, error.allowed)
