"""How far the sum of a cost table is from the run that it predicts."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.config.hardware import Hardware
from accelsim.errors import InputError
from accelsim.explore.cost_table import CostTable
from accelsim.simulation import Progress, run_network
from accelsim.workload.allocation import DEFAULT_FAMILY
from accelsim.workload.formats import Precision, TensorFormat
from accelsim.workload.layers import Workload


@dataclass(frozen=True, slots=True)
class Prediction:
    """Cycles of one run, by the table and by the simulation."""

    predicted_cycles: int
    simulated_cycles: int

    @property
    def relative_error(self) -> float:
        """(predicted - simulated) / simulated: positive when the table is too pessimistic."""
        return (self.predicted_cycles - self.simulated_cycles) / self.simulated_cycles


def prediction_error(
    table: CostTable, workload: Workload, hardware: Hardware, precision: Precision, progress: Progress | None = None
) -> Prediction:
    """Simulate a network at a precision, and set the cycles beside those that the table predicts.

    The table must be that of the same network and machine. InputError for layers, widths and formats that it does not
    have, before anything is simulated; MappingError and SimulationError as `simulate`.
    """
    predicted = table.allocation_cycles(precision_widths(workload, precision))
    return Prediction(predicted, run_network(workload, hardware, precision, progress).totals.cycles)


def precision_widths(workload: Workload, precision: Precision) -> dict[str, tuple[int, int]]:
    """Weight and activation bits of every array layer; a matmul's weights are the operand that stays in the array.

    InputError for a format other than DyBit: another one of the same width may need no decoder.
    """
    widths = {}
    for layer in workload.layers:
        if layer.on_array:
            stationary = precision.weights[layer.name] if layer.weight_elements else precision.tensors[layer.inputs[1]]
            streamed = precision.tensors[layer.inputs[0]]
            widths[layer.name] = (_dybit_width(layer.place, stationary), _dybit_width(layer.place, streamed))
    return widths


def _dybit_width(place: str, tensor_format: TensorFormat) -> int:
    if tensor_format.name != f"{DEFAULT_FAMILY}{tensor_format.bits}":
        raise InputError(place, f"found {tensor_format.name}", f"{DEFAULT_FAMILY}, which is what a cost table is of")
    return tensor_format.bits
