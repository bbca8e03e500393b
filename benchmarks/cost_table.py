"""What a cost table costs, and how far its sums are from the simulation, on random mixed allocations.

Run with `python -m benchmarks.cost_table`; `--workload FILE` (default ResNet-50), `--widths 2,4,8`, `--allocations N`.
Nothing is asserted. docs/cost-table.md has the numbers.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_hardware
from accelsim.explore.cost_table import CostTable, cost_table
from accelsim.explore.prediction import Prediction, prediction_error
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import allocated_precision
from quant.allocation.file import LayerFormats

ROOT = Path(__file__).resolve().parents[1]


def random_precision(workload: Workload, widths: Sequence[int], seed: int) -> Precision:
    """A width for the weights of each layer and for each tensor that the array reads, all equally likely."""
    draw = random.Random(seed)
    array_layers = [layer for layer in workload.layers if layer.on_array]
    tensors = {tensor: f"dybit{draw.choice(widths)}" for layer in array_layers for tensor in layer.inputs}
    allocation = {}
    for layer in array_layers:
        weights = f"dybit{draw.choice(widths)}" if layer.weight_elements else tensors[layer.inputs[1]]
        allocation[layer.name] = LayerFormats(weights, tensors[layer.inputs[0]])
    return allocated_precision(workload, allocation, f"seed {seed}")


def random_predictions(
    table: CostTable, workload: Workload, hardware: Hardware, allocations: int
) -> Iterator[Prediction]:
    """Prediction and simulation of the random allocations of seeds 0, 1, ..., at the widths of the table."""
    for seed in range(allocations):
        precision = random_precision(workload, table.weight_widths, seed)
        yield prediction_error(table, workload, hardware, precision)


def main() -> None:
    """Time one table in this process's own seconds, then print an error for each allocation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", type=Path, default=ROOT / "workloads" / "resnet50.yaml")
    parser.add_argument("--widths", type=lambda text: [int(width) for width in text.split(",")], default=[2, 4, 8])
    parser.add_argument("--allocations", type=int, default=10)
    options = parser.parse_args()
    workload = load_workload(options.workload)
    hardware = load_hardware(workload.hardware)
    start = time.process_time()
    table = cost_table(workload, hardware, options.widths, options.widths)
    seconds = time.process_time() - start
    print(f"{workload.name} on {hardware.name}: {table.cycles.shape} in {seconds:.2f} s of one core")
    errors = []
    for seed, found in enumerate(random_predictions(table, workload, hardware, options.allocations)):
        errors.append(found.relative_error)
        print(f"seed {seed}: predicted {found.predicted_cycles}, simulated {found.simulated_cycles}, {errors[-1]:+.2%}")
    print(f"mean {sum(map(abs, errors)) / len(errors):.2%}, largest {max(map(abs, errors)):.2%} (absolute)")


if __name__ == "__main__":
    main()
