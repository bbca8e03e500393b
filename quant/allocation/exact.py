"""The best assignment, with proof: a mixed-integer program, solved by HiGHS. See `docs/allocation.md`, "Exact".

Sources: the multiple-choice knapsack (Kellerer, Pferschy, Pisinger, Knapsack Problems, 2004, chapter 11); the product
of two binaries by its marginals (Sherali and Adams, SIAM J. Discrete Math. 3, 1990).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from quant.allocation.blocks import Block, blocks_of
from quant.allocation.problem import Assignment, Problem, Quantity
from quant.allocation.quiet import quiet_stdout
from quant.allocation.solution import InfeasibleError, Limits, Solution, check_limits, unmet
from quant.errors import QuantError

RELATIVE_GAP = 1e-6
TIME_LIMIT_S = 60.0

Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SPAN = 1e4  # between the least and the most of each quantity in the solver, whose absolute tolerance is 1e-6
_INFEASIBLE = 2  # status of scipy.optimize.milp


def minimise(
    problem: Problem,
    quantity: Quantity,
    limits: Limits | None = None,
    *,
    relative_gap: float = RELATIVE_GAP,
    time_limit_s: float = TIME_LIMIT_S,
) -> Solution:
    """The assignment of the least `quantity` that keeps the limits, and the bound that proves it.

    The solver ends at the gap, or at the time limit with the best it has. Raises InfeasibleError, which says what can
    be reached, DataError as `check_limits`, QuantError where nothing was found in time.
    """
    limits = limits or {}
    check_limits({quantity: 0.0, **limits})
    program = _Program(problem, {quantity, *limits})
    deadline = time.monotonic() + time_limit_s
    while True:
        found = program.solve(quantity, limits, relative_gap, deadline - time.monotonic())
        if found is None:
            raise _infeasible(problem, limits, time_limit_s)
        assignment, bound = found
        if not unmet(problem, assignment, limits):
            return Solution.of(problem, assignment, quantity, bound)
        program.cut_off(assignment)  # the solver's tolerance let it through


def _infeasible(problem: Problem, limits: Limits, time_limit_s: float) -> InfeasibleError:
    """The error for limits that cannot be kept: one that is out of reach by itself, or else the first under the others.

    Raises InfeasibleError where the others cannot be kept either.
    """
    for name, limit in limits.items():
        best = minimise(problem, name, relative_gap=0.0, time_limit_s=time_limit_s).value
        if best > limit:
            return InfeasibleError(name, limit, best)
    (first, limit), *others = limits.items()
    best = minimise(problem, first, dict(others), relative_gap=0.0, time_limit_s=time_limit_s).value
    return InfeasibleError(first, limit, best, dict(others))


class _Program:
    """The variables: the combinations of each block, then the pairs of each joining layer. And what ties them."""

    def __init__(self, problem: Problem, quantities: set[Quantity]) -> None:
        self._problem = problem
        self._blocks, crossing = blocks_of(problem, sized=bool(quantities & {"size_bits", "average_bits"}))
        self._starts = np.cumsum([0, *(len(block.combinations) for block in self._blocks)])
        self._crossing = [(problem.layers[layer].cycles, *problem.reads[layer]) for layer in crossing]
        self._size = int(self._starts[-1]) + sum(cycles.size for cycles, _, _ in self._crossing)
        self._ties, self._tied = self._equations()
        self._cuts: list[Float64Array] = []

    def solve(
        self, quantity: Quantity, limits: Limits, relative_gap: float, time_limit_s: float
    ) -> tuple[Assignment, float] | None:
        """An assignment and a lower bound; None if there is no assignment."""
        from scipy.optimize import LinearConstraint, milp

        objective, scale, constant = self._linear(quantity)
        constraints = [LinearConstraint(self._ties, self._tied, self._tied)]
        for name, limit in limits.items():
            row, row_scale, row_constant = self._linear(name)
            constraints.append(LinearConstraint(row[None], -np.inf, (limit - row_constant) * row_scale))
        constraints.extend(LinearConstraint(cut[None], -np.inf, len(self._blocks) - 1) for cut in self._cuts)
        whole = np.arange(self._size) < self._starts[-1]
        options = {"mip_rel_gap": relative_gap, "time_limit": max(time_limit_s, 0.0)}
        with quiet_stdout():
            found = milp(objective, constraints=constraints, integrality=whole, bounds=(0, 1), options=options)
        if found.status == _INFEASIBLE:
            return None
        if found.x is None:
            raise QuantError(f"no allocation found in time: {found.message}", "a longer time limit")
        return self._assignment(found.x), constant + found.mip_dual_bound / scale

    def cut_off(self, assignment: Assignment) -> None:
        """Exclude one assignment."""
        cut = np.zeros(self._size)
        for block, start in zip(self._blocks, self._starts, strict=False):
            same = (block.combinations == [assignment[place] for place in block.choices]).all(axis=1)
            cut[start + np.flatnonzero(same)] = 1.0
        self._cuts.append(cut)

    def _assignment(self, solution: Float64Array) -> Assignment:
        taken: dict[int, int] = {}
        for block, start, end in zip(self._blocks, self._starts, self._starts[1:], strict=False):
            combination = block.combinations[int(np.argmax(solution[start:end]))]
            taken.update(zip(block.choices, combination.tolist(), strict=True))
        return tuple(taken[place] for place in range(len(taken)))

    def _linear(self, quantity: Quantity) -> tuple[Float64Array, float, float]:
        """Coefficients, scale and constant: the quantity is constant + coefficients * variables / scale."""
        parts: list[Float64Array] = [_costs(block, quantity, self._problem.weights) for block in self._blocks]
        parts += [cycles.ravel().astype(np.float64) * (quantity == "cycles") for cycles, _, _ in self._crossing]
        constant = float(sum(part.min() for part in parts)) + self._problem.overhead * (quantity == "cycles")
        span = float(sum(part.max() - part.min() for part in parts))
        scale = _SPAN / span if span else 1.0
        return np.concatenate([part - part.min() for part in parts]) * scale, scale, constant

    def _equations(self) -> tuple[Any, Float64Array]:
        """One combination in each block; the pairs of a joining layer add up to the candidates of either choice."""
        from scipy.sparse import csr_array

        block_of = {place: index for index, block in enumerate(self._blocks) for place in block.choices}
        rows: list[tuple[IntArray, IntArray]]
        rows = [
            (np.arange(start, end), np.array([], np.int64))
            for start, end in zip(self._starts, self._starts[1:], strict=False)
        ]
        first_pair = int(self._starts[-1])
        for cycles, p, q in self._crossing:
            pairs = first_pair + np.arange(cycles.size).reshape(cycles.shape)
            first_pair += cycles.size
            for place, table in ((p, pairs), (q, pairs.T)):
                block, start = self._blocks[block_of[place]], self._starts[block_of[place]]
                rows += [(pair, start + block.taking(place, k)) for k, pair in enumerate(table)]
        columns = np.concatenate([[*plus, *minus] for plus, minus in rows]).astype(np.int64)
        signs = np.concatenate([[1.0] * len(plus) + [-1.0] * len(minus) for plus, minus in rows])
        lengths = [len(plus) + len(minus) for plus, minus in rows]
        matrix = csr_array((signs, columns, np.cumsum([0, *lengths])), shape=(len(rows), self._size))
        return matrix, (np.arange(len(rows)) < len(self._blocks)).astype(np.float64)


def _costs(block: Block, quantity: Quantity, weights: int) -> Float64Array:
    """What each combination of a block adds to a quantity."""
    if quantity == "average_bits":
        return block.size_bits.astype(np.float64) / max(weights, 1)
    costs: npt.NDArray[Any] = getattr(block, quantity)
    return costs.astype(np.float64)
