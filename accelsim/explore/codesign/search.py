"""Hardware-aware bit allocation: search with the cost table, then simulate what was chosen. See docs/codesign.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from accelsim.config.hardware import Hardware
from accelsim.errors import InputError
from accelsim.explore.codesign.errors import Errors
from accelsim.explore.codesign.problem import Freedom, allocation_problem
from accelsim.explore.cost_table import cost_table
from accelsim.simulation import Progress, ReferenceName, run_baseline, run_network
from accelsim.units import BITS_PER_BYTE
from accelsim.workload.allocation import DEFAULT_FAMILY
from accelsim.workload.layers import Workload
from accelsim.workload.precision import allocated_precision
from quant.allocation import exact, greedy
from quant.allocation.file import LayerFormats
from quant.allocation.front import front as exact_front
from quant.allocation.problem import Problem, Quantity
from quant.allocation.solution import InfeasibleError, Limits, Solution

Method = Literal["exact", "greedy"]
METHODS: tuple[Method, ...] = get_args(Method)
Origin = Literal["exact", "greedy", "uniform"]
_ROUNDS = 4


@dataclass(frozen=True)
class Design:
    """An allocation, the method that found it, and its speed-up over the baseline, by the table and simulated.

    `error` is the sum over every weight and activation tensor; `optimality_gap` how far it can be from the best
    possible at most, by the table, None where the method gives no bound. `predicted_speedup` is None for a uniform
    allocation, which no table was asked for. `label` is its width, such as `w4a4`, for a uniform one.
    """

    allocation: dict[str, LayerFormats]
    method: Origin
    error: float
    average_bits: float
    size_bytes: float
    predicted_speedup: float | None
    simulated_speedup: float
    optimality_gap: float | None
    label: str = ""


@dataclass(frozen=True)
class Codesign:
    """The search for one network on one machine, against a baseline of so many cycles."""

    workload: Workload
    hardware: Hardware
    freedom: Freedom
    errors: Errors
    problem: Problem
    baseline_cycles: int

    @classmethod
    def prepare(
        cls,
        workload: Workload,
        hardware: Hardware,
        freedom: Freedom,
        errors: Errors,
        baseline: ReferenceName = "fp32",
        progress: Progress | None = None,
    ) -> Codesign:
        """Simulate the network at every pair of widths and on the baseline. InputError as `allocation_problem`."""
        table = cost_table(workload, hardware, *freedom.table_widths, progress)
        problem = allocation_problem(workload, table, freedom, errors)
        cycles = run_baseline(baseline, workload, hardware, progress).totals.cycles
        return cls(workload, hardware, freedom, errors, problem, cycles)

    def for_speedup(self, speedup: float, method: Method = "exact", others: Limits | None = None) -> Design:
        """The least error at a speed-up of the *simulated* run, under other limits.

        Prefetch and residency make a run differ from the table's sum by about a percent, so the search is repeated with
        a tighter limit while the simulation misses the target; after four rounds the last one stands, and its
        `simulated_speedup` says by how much it missed. InputError for a speed-up that the table cannot reach, with the
        best one.
        """
        wanted_cycles = self.baseline_cycles / speedup
        limit, design = wanted_cycles, None
        for _ in range(_ROUNDS):
            limits: dict[Quantity, float] = {"cycles": limit, **(others or {})}
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

    def for_error(self, error: float, method: Method = "exact", others: Limits | None = None) -> Design:
        """The fastest at an error of at most so much, under other limits. InputError with the least error there is."""
        try:
            return self._simulated(self._search("cycles", {"error": error, **(others or {})}, method), method)
        except InfeasibleError as infeasible:
            raise self._unreachable(infeasible) from None

    def fastest(self, others: Limits | None = None) -> Design:
        """The fewest cycles by the table that there can be, and of the allocations that take them the least error."""
        try:
            fewest = exact.minimise(self.problem, "cycles", others).cycles
            limits: Limits = {"cycles": fewest, **(others or {})}
            return self._simulated(exact.minimise(self.problem, "error", limits), "exact")
        except InfeasibleError as error:
            raise self._unreachable(error) from None

    def front(self, points: int = 24, others: Limits | None = None) -> list[Design]:
        """The whole trade: the exact front, fastest first, and what the greedy search finds at the same cycles.

        The exact search's bound says how far from the best the greedy one is.
        """
        try:
            best = exact_front(self.problem, points, others)
        except InfeasibleError as error:
            raise self._unreachable(error) from None
        designs = [self._simulated(solution, "exact") for solution in best]
        for solution in best:
            try:
                limits: dict[Quantity, float] = {**(others or {}), "cycles": solution.cycles}
                found = replace(self._search("error", limits, "greedy"), bound=solution.bound)
                designs.append(self._simulated(found, "greedy"))
            except InfeasibleError:  # the greedy search gets stuck before the fastest points
                continue
        return designs

    def uniform(self, bits: int) -> Design:
        """Every free choice at this width (activations that have no choice stay): what mixing has to beat."""
        problem = allocation_problem(self.workload, None, self.freedom.uniform(bits), self.errors)
        only = (0,) * len(problem.choices)
        allocation = problem.formats(only)
        pairs = [f"w{pair.weights}a{pair.activations}".replace(DEFAULT_FAMILY, "") for pair in allocation.values()]
        return Design(
            allocation,
            "uniform",
            problem.error(only),
            problem.average_bits(only),
            problem.size_bits(only) / BITS_PER_BYTE,
            None,
            self.baseline_cycles / self._simulated_cycles(allocation),
            None,
            max(pairs, key=pairs.count),  # those of the others are pinned
        )

    def uniform_around(self, average_bits: float) -> list[Design]:
        """The uniform allocations of just not more and just more bits of a weight on average."""
        below = [bits for bits in self.errors.widths if self._uniform_average(bits) <= average_bits]
        above = [bits for bits in self.errors.widths if bits not in below]
        return [self.uniform(bits) for bits in (*sorted(below)[-1:], *sorted(above)[:1])]

    def _uniform_average(self, bits: int) -> float:
        """Bits of a weight on average with this width wherever none is pinned."""
        pins = self.freedom.pins
        total = sum(
            layer.weight_elements * (pins[layer.name][0] if layer.name in pins else bits)
            for layer in self.workload.layers
        )
        return total / max(self.problem.weights, 1)

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
            solution.size_bits / BITS_PER_BYTE,
            self.baseline_cycles / solution.cycles,
            self.baseline_cycles / self._simulated_cycles(allocation),
            solution.gap,
        )

    def _simulated_cycles(self, allocation: dict[str, LayerFormats]) -> int:
        precision = allocated_precision(self.workload, allocation, "codesign")
        return run_network(self.workload, self.hardware, precision).totals.cycles

    def _unreachable(self, error: InfeasibleError) -> InputError:
        """The limit that cannot be kept as the option that set it, and the best that the others leave of it."""
        option, wanted = self._as_option(error.quantity, error.limit)
        _, best = self._as_option(error.quantity, error.best)
        # rounded so that what the message says can be reached
        allowed = f"up to {0.9999 * best:.5g}" if error.quantity == "cycles" else f"from {1.0001 * best:.5g}"
        others = [f"{name} {value:g}" for name, value in (self._as_option(*limit) for limit in error.under.items())]
        return InputError(option, f"{wanted:g} cannot be reached", ", with ".join([allowed, *others]))

    def _as_option(self, quantity: Quantity, value: float) -> tuple[str, float]:
        """The option that limits a quantity, and its value there."""
        match quantity:
            case "cycles":
                return "--speedup", self.baseline_cycles / value
            case "size_bits":
                return "--size-bytes", value / BITS_PER_BYTE
            case "average_bits":
                return "--average-bits", value
            case "error":
                return "--error", value
