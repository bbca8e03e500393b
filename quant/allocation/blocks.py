"""Choices joined into blocks: the variables of the exact search. See `docs/allocation.md`, "Exact"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quant.allocation.problem import Problem

LARGEST_BLOCK = 1000
"""Combinations of a block, before those that are of no use are left out."""


@dataclass(frozen=True, eq=False)
class Block:
    """Some choices, by place, and combinations of their candidates, shape (combinations, choices).

    `cycles` of the layers that read nothing else, `error` and `size_bits` have one number for each combination.
    """

    choices: tuple[int, ...]
    combinations: npt.NDArray[np.int64]
    cycles: npt.NDArray[np.int64]
    error: npt.NDArray[np.float64]
    size_bits: npt.NDArray[np.int64]

    def taking(self, choice: int, candidate: int) -> npt.NDArray[np.int64]:
        """The places of the combinations that take this candidate of a choice of the block."""
        return np.flatnonzero(self.combinations[:, self.choices.index(choice)] == candidate)


def blocks_of(problem: Problem, *, sized: bool) -> tuple[list[Block], list[int]]:
    """The blocks, every choice in one of them, and the places of the layers that join two blocks.

    Combinations are left out that another one, with the same candidates for what joining layers read, beats or equals
    in cycles, in error, and, if `sized`, in size.
    """
    groups = _groups(problem)
    crossing = [layer for layer, (p, q) in enumerate(problem.reads) if groups[p] != groups[q]]
    joined = {place for layer in crossing for place in problem.reads[layer]}
    return [_block(problem, group, joined, sized) for group in dict.fromkeys(groups)], crossing


def _groups(problem: Problem) -> list[tuple[int, ...]]:
    """For each choice the places of those in its block."""
    groups: list[tuple[int, ...]] = [(place,) for place in range(len(problem.choices))]
    for p, q in problem.reads:
        union = groups[p] if groups[p] == groups[q] else groups[p] + groups[q]
        if math.prod(len(problem.choices[place].formats) for place in union) <= LARGEST_BLOCK:
            for place in union:
                groups[place] = union
    return groups


def _block(problem: Problem, group: tuple[int, ...], joined: set[int], sized: bool) -> Block:
    choices = [problem.choices[place] for place in group]
    combinations = np.indices([len(choice.formats) for choice in choices]).reshape(len(group), -1).T
    column = {place: combinations[:, index] for index, place in enumerate(group)}
    cycles = np.zeros(len(combinations), np.int64)
    for layer, (p, q) in zip(problem.layers, problem.reads, strict=True):
        if p in column and q in column:
            cycles += layer.cycles[column[p], column[q]]
    error = sum((np.array(choice.errors)[column[place]] for place, choice in zip(group, choices, strict=True)), 0.0)
    size = sum((np.array(choice.bits)[column[place]] for place, choice in zip(group, choices, strict=True)), 0)
    boundary = combinations[:, [place in joined for place in group]]
    kept = _useful(np.column_stack([cycles, error, size if sized else np.zeros_like(cycles)]), boundary)
    return Block(group, combinations[kept], cycles[kept], np.asarray(error)[kept], np.asarray(size)[kept])


def _useful(costs: npt.NDArray[np.float64], boundary: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which rows of `costs` no other row of the same `boundary` beats in all columns; of equal rows, the first."""
    order = np.lexsort([*costs.T[::-1]])  # a row that beats another one in something and loses in nothing comes first
    useful = np.zeros(len(costs), np.bool_)
    kept: dict[bytes, list[int]] = {}
    for row in order:
        others = kept.setdefault(boundary[row].tobytes(), [])
        if not (costs[others] <= costs[row]).all(axis=1).any():
            useful[row] = True
            others.append(int(row))
    return useful
