"""What each layer costs at each pair of weight and activation widths: the table that searches read.

What a number means, and how far their sum may be trusted, is on docs/cost-table.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.config.hardware import Hardware
from accelsim.errors import InputError, MappingError, nearest_name
from accelsim.result import RunResult
from accelsim.simulation import Progress, run_network
from accelsim.workload.formats import MAX_BITS, MIN_BITS
from accelsim.workload.layers import Workload
from accelsim.workload.precision import resolve_precision

#: Every width of DyBit.
ALL_WIDTHS = tuple(range(MIN_BITS, MAX_BITS + 1))
_WHERE = "cost table"


@dataclass(frozen=True, eq=False, slots=True)
class CostTable:
    """Cycles of every array layer at every pair of DyBit widths, on one machine.

    `layers` are the array layers in execution order, the widths ascend. `cycles`, of shape (layers, weight widths,
    activation widths), holds a layer's cycles in the run of the whole network at that pair: from the end of the array
    layer before it to its own end. `overhead_cycles`, of shape (weight widths, activation widths), is what such a run
    takes beyond its last array layer. Both are int64 and read-only.
    """

    layers: tuple[str, ...]
    weight_widths: tuple[int, ...]
    activation_widths: tuple[int, ...]
    cycles: NDArray[np.int64]
    overhead_cycles: NDArray[np.int64]

    def layer_cycles(self, layer: str, weight_bits: int, activation_bits: int) -> int:
        """Cycles of one layer at one pair; InputError for a layer or a width that the table lacks."""
        if layer not in self.layers:
            raise InputError(_WHERE, f"no layer {layer!r}", ", ".join(self.layers), nearest_name(layer, self.layers))
        pair = self._pair(f"{_WHERE}: layer {layer}", weight_bits, activation_bits)
        return int(self.cycles[self.layers.index(layer), *pair])

    def run_cycles(self, weight_bits: int, activation_bits: int) -> int:
        """Cycles of the whole run at one pair, exactly those of the simulation; InputError for a width not there."""
        pair = self._pair(_WHERE, weight_bits, activation_bits)
        return int(self.cycles[:, *pair].sum() + self.overhead_cycles[pair])

    def allocation_cycles(self, widths: Mapping[str, tuple[int, int]]) -> int:
        """Predicted cycles of a run with these (weight bits, activation bits) by layer name.

        The sum over the layers, and the overhead at the last layer's pair. InputError unless `widths` names every layer
        of the table and no other, at widths of the table.
        """
        missing = next((layer for layer in self.layers if layer not in widths), None)
        if missing is not None:
            raise InputError(_WHERE, f"no widths for layer {missing!r}", "widths for every layer of the table")
        layers = sum(self.layer_cycles(layer, *pair) for layer, pair in widths.items())
        return layers + int(self.overhead_cycles[self._pair(_WHERE, *widths[self.layers[-1]])])

    def _pair(self, where: str, weight_bits: int, activation_bits: int) -> tuple[int, int]:
        if weight_bits not in self.weight_widths or activation_bits not in self.activation_widths:
            allowed = f"weights of {_listed(self.weight_widths)} bits, activations of {_listed(self.activation_widths)}"
            raise InputError(where, f"found w{weight_bits}a{activation_bits}", allowed)
        return self.weight_widths.index(weight_bits), self.activation_widths.index(activation_bits)


def cost_table(
    workload: Workload,
    hardware: Hardware,
    weight_widths: Sequence[int] = ALL_WIDTHS,
    activation_widths: Sequence[int] = ALL_WIDTHS,
    progress: Progress | None = None,
) -> CostTable:
    """Simulate a network at every pair of DyBit widths, the same for all layers, pins lifted.

    The widths come in any order, and count once. InputError for a width outside 2..8 and for a network of which nothing
    runs on the array; MappingError, naming the pair, when a layer's tiles do not fit the buffers.
    """
    layers = tuple(layer.name for layer in workload.layers if layer.on_array)
    if not layers:
        raise InputError(f"workload {workload.name}", "no layer runs on the array", "a conv2d, linear or matmul")
    weight_widths = _ascending("weight_widths", weight_widths)
    activation_widths = _ascending("activation_widths", activation_widths)
    cycles = np.empty((len(layers), len(weight_widths), len(activation_widths)), dtype=np.int64)
    overhead_cycles = np.empty(cycles.shape[1:], dtype=np.int64)
    for pair in np.ndindex(overhead_cycles.shape):
        run = _uniform_run(workload, hardware, weight_widths[pair[0]], activation_widths[pair[1]], progress)
        ends = [layer.end_cycle for layer in run.layers if layer.name in layers]
        cycles[:, *pair] = np.diff(ends, prepend=0)
        overhead_cycles[pair] = run.totals.cycles - ends[-1]
    cycles.flags.writeable = overhead_cycles.flags.writeable = False
    return CostTable(layers, weight_widths, activation_widths, cycles, overhead_cycles)


def _uniform_run(
    workload: Workload, hardware: Hardware, weight_bits: int, activation_bits: int, progress: Progress | None
) -> RunResult:
    """The run with every layer at the same widths."""
    bits = f"w{weight_bits}a{activation_bits}"
    try:
        return run_network(workload, hardware, resolve_precision(workload, bits, use_pins=False), progress)
    except MappingError as error:
        raise MappingError(f"{error.where} at {bits}", error.found, error.allowed, error.nearest) from None


def _ascending(name: str, widths: Sequence[int]) -> tuple[int, ...]:
    """The widths in order, each once; InputError when there is none, or one that DyBit does not have."""
    wrong = [width for width in widths if width not in ALL_WIDTHS]
    if wrong or not widths:
        found = f"found {wrong[0]}" if wrong else "no width"
        raise InputError(name, found, f"whole numbers {MIN_BITS}..{MAX_BITS}")
    return tuple(sorted(set(widths)))


def _listed(widths: Sequence[int]) -> str:
    return ", ".join(map(str, widths))
