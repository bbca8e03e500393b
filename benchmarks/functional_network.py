"""The small trained network that the functional benchmarks run: quantised by `quant.ptq`, and on the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, fx

from accelsim.config.presets import load_hardware
from accelsim.functional.run import FunctionalRun
from accelsim.result import FunctionalResult
from accelsim.simulation import simulate
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision
from benchmarks.accuracy import cells, datasets
from benchmarks.accuracy.networks import ResNet8
from quant.allocation.file import LayerFormats
from quant.encoded import save_encoded
from quant.ptq import encoded_layers, quantise, trace, uniform_allocation

TASK, SEED, CALIBRATION_ROWS = "Fashion-MNIST", 0, 512
WORKLOAD = Path(__file__).with_name("resnet8.yaml")


@dataclass(frozen=True)
class Simulated:
    """Logits, shape (images, classes), and what the run says of its values."""

    logits: Tensor
    values: FunctionalResult


def trained(folder: Path, cache: Path) -> tuple[ResNet8, datasets.Dataset]:
    """The float network, trained if `folder` does not have it, and its data."""
    cells.train_network(TASK, SEED, folder, cache)
    network = ResNet8()
    path = folder / "networks" / f"{TASK}-{SEED}.pt"
    network.load_state_dict(torch.load(path, weights_only=True)["network"])
    return network.eval(), datasets.fashion_mnist(cache)


def quantised(
    network: ResNet8, data: datasets.Dataset, formats: LayerFormats, path: Path, first_and_last: LayerFormats | None
) -> fx.GraphModule:
    """The network after PTQ, and its file of encoded layers at `path`; None: no layers with formats of their own."""
    allocation = uniform_allocation(trace(network), formats, first_and_last)
    found = quantise(network, allocation, data.train_images[:CALIBRATION_ROWS].split(128))
    save_encoded(encoded_layers(found), path)
    return found


def simulated(path: Path, images: Tensor, *faults: str, accumulator_bits: int = 32) -> Simulated:
    """The encoded network on the zcu102, all images in one run."""
    workload = load_workload(WORKLOAD)
    machine = load_hardware("zcu102", [f"array.accumulator_bits={accumulator_bits}"])
    precision = resolve_precision(workload, str(path))
    run = FunctionalRun(workload, machine, precision, images=images.numpy(), encoded=path, faults=faults)
    values = simulate(workload, machine, precision, baseline="none", functional=run).functional
    assert values is not None
    return Simulated(torch.from_numpy(run.output).flatten(1), values)
