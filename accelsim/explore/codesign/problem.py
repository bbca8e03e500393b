"""A network on a machine as an allocation problem: what there is to choose, what it costs, how it errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from accelsim.errors import InputError
from accelsim.explore.codesign.errors import Errors, dybit
from accelsim.explore.cost_table import CostTable
from accelsim.workload.allocation import DEFAULT_FAMILY
from accelsim.workload.formats import parse_bits
from accelsim.workload.layers import Layer, Workload
from accelsim.workload.quant_errors import as_input_errors
from quant.allocation.bits import parse_pin
from quant.allocation.problem import Choice, Problem
from quant.allocation.problem import Layer as ProblemLayer
from quant.allocation.restrict import merged

Widths = tuple[int, int]
"""Bits of weights and of activations."""


@dataclass(frozen=True)
class Freedom:
    """What may be chosen: DyBit widths of weights and of activations, and what is fixed or tied.

    `pins` fix the widths of layers. `equal_residuals` gives both branches of a residual add one format.
    """

    weight_widths: tuple[int, ...] = (2, 4, 8)
    activation_widths: tuple[int, ...] = (2, 4, 8)
    pins: Mapping[str, Widths] = field(default_factory=dict)
    equal_residuals: bool = False

    @property
    def table_widths(self) -> tuple[list[int], list[int]]:
        """The widths that a cost table must have: of weights, of activations."""
        pinned = self.pins.values()
        weights, activations = {bits for bits, _ in pinned}, {bits for _, bits in pinned}
        return sorted(weights.union(self.weight_widths)), sorted(activations.union(self.activation_widths))

    def uniform(self, bits: int) -> Freedom:
        """The same with one width for all that is free, but for activations that have no choice anyway."""
        fixed = len(self.activation_widths) == 1
        return replace(self, weight_widths=(bits,), activation_widths=self.activation_widths if fixed else (bits,))


def parse_pins(workload: Workload, pins: Sequence[str]) -> dict[str, Widths]:
    """The widths of pinned layers: the workload's own pins, and those of `LAYER=dybit8` or `LAYER=w8a4`.

    InputError for another form, a layer that does not run on the array, and other formats than DyBit.
    """
    names = [layer.name for layer in workload.layers if layer.on_array]
    found = {layer: parse_bits(bits) for layer, bits in workload.pins.items()}
    for pin in pins:
        with as_input_errors(f"--pin {pin}"):
            layer, formats = parse_pin(pin, names, f"workload {workload.name}")
        widths = [name.removeprefix(DEFAULT_FAMILY) for name in (formats.weights, formats.activations)]
        if not all(bits.isdecimal() for bits in widths):
            raise InputError(f"--pin {pin}", f"found {formats.weights!r}", "dybit2 to dybit8, or widths such as w8a4")
        found[layer] = int(widths[0]), int(widths[1])
    return found


def allocation_problem(workload: Workload, table: CostTable | None, freedom: Freedom, errors: Errors) -> Problem:
    """Choices are the weights of each layer and each tensor that an array layer reads.

    `table` has cycles at `freedom.table_widths`; without it every layer takes none. The overhead of a run counts with
    the last layer. InputError for a tensor that two pins want in different formats.
    """
    layers = [layer for layer in workload.layers if layer.on_array]
    fixed = _fixed_widths(layers, freedom.pins)
    choices: dict[str, Choice] = {}
    problem_layers = []
    for index, layer in enumerate(layers):
        reads = _reads(layer)
        for name in reads:
            if name not in choices:
                choices[name] = _choice(name, layer, fixed, freedom, errors)
        widths = [[_bits(name) for name in choices[read].formats] for read in reads]
        cycles = np.zeros([len(row) for row in widths], np.int64)
        if table is not None:
            rows, columns = map(table.weight_widths.index, widths[0]), map(table.activation_widths.index, widths[1])
            last = index == len(layers) - 1
            cycles = (table.cycles[index] + table.overhead_cycles * last)[list(rows)][:, list(columns)]
        problem_layers.append(ProblemLayer(layer.name, *reads, cycles))
    problem = Problem(tuple(choices.values()), tuple(problem_layers))
    with as_input_errors("the concatenations"):
        problem = merged(problem, _concatenated(workload, problem))
    if not freedom.equal_residuals:
        return problem
    with as_input_errors("--equal-residuals"):
        return merged(problem, _residual_groups(workload, problem))


def _reads(layer: Layer) -> tuple[str, str]:
    """The names of the choices that a layer reads: weights, or the tensor that stays in the array, and its input."""
    stationary = f"weights of {layer.name}" if layer.weight_elements else f"tensor {layer.inputs[1]}"
    return stationary, f"tensor {layer.inputs[0]}"


def _fixed_widths(layers: Sequence[Layer], pins: Mapping[str, Widths]) -> dict[str, int]:
    fixed: dict[str, int] = {}
    for layer in layers:
        for name, bits in zip(_reads(layer), pins.get(layer.name, ()), strict=False):
            if fixed.setdefault(name, bits) != bits:
                found = f"{name} is pinned to {fixed[name]} bits by another layer that reads it, here to {bits}"
                raise InputError(layer.place, found, "one format for a tensor, whoever reads it")
    return fixed


def _choice(name: str, layer: Layer, fixed: Mapping[str, int], freedom: Freedom, errors: Errors) -> Choice:
    tensor = _tensor(name)
    is_weights = tensor == name
    free = freedom.weight_widths if is_weights else freedom.activation_widths
    candidates = dybit([fixed[name]] if name in fixed else free)
    if is_weights:
        return Choice.of(name, candidates, errors.of_weights(layer.name, candidates), weights=layer.weight_elements)
    return Choice.of(name, candidates, errors.of_tensor(tensor, candidates))


def _tensor(choice: str) -> str:
    """The tensor that a choice of this name is of."""
    return choice.removeprefix("tensor ")


def _concatenated(workload: Workload, problem: Problem) -> list[list[str]]:
    """Tensors that have one format because they are parts of one concatenation, or that and a part of it."""
    groups: dict[str, list[str]] = {}
    storage = workload.storage
    for choice in problem.choices:
        if not choice.weights:
            groups.setdefault(storage[_tensor(choice.name)], []).append(choice.name)
    return [group for group in groups.values() if len(group) > 1]


def _residual_groups(workload: Workload, problem: Problem) -> list[list[str]]:
    """Tensors that have one format if both branches of every residual add have: what is added, and the sum.

    One branch is still in the accumulators when it is added, so what it shares with the other is the format that their
    sum is stored in. Behind a pool the sum is not what is stored, and nothing is tied. A branch that only the add reads
    has the sum's format in any case.
    """
    groups: list[set[str]] = []
    for layer in workload.layers:
        added = layer.operands if layer.on_array else layer.inputs * (layer.kind == "add")
        if added and not any(operation.window or "pool" in operation.kind for operation in layer.post):
            group = {layer.name, *added}
            touching = [other for other in groups if other & group]
            groups = [other for other in groups if not other & group] + [group.union(*touching)]
    named = [[choice.name for choice in problem.choices if _tensor(choice.name) in g] for g in groups]
    return [group for group in named if len(group) > 1]


def _bits(format_name: str) -> int:
    return int(format_name.removeprefix(DEFAULT_FAMILY))
