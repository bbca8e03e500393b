"""The two networks that are taken through the loop: on which machine, measured on what, beside which uniform ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
from torch import nn

from accelsim.config.presets import load_hardware
from accelsim.explore.codesign.accuracy import MeasuredDesign, measured_errors
from accelsim.explore.codesign.problem import Freedom, parse_pins
from accelsim.explore.codesign.search import Codesign, Design
from accelsim.workload.loader import load_workload
from benchmarks.accuracy import cells, datasets
from benchmarks.accuracy.networks import efficientnet_lite0
from quant.ptq.accuracy import AccuracyMeter
from quant.ptq.data import TaskData
from quant.ptq.layer_rounding import Rounding
from quant.sensitivity import DEFAULT_MEASURE

_SEED, _FASHION_MNIST = 0, "Fashion-MNIST"
_WORKLOADS = Path(__file__).parents[2] / "workloads"


@dataclass(frozen=True)
class Task:
    """A network and its data (of the folder of results and that of fetched data), a machine, and how much is measured.

    `points` of the front, what the greedy search finds, and uniform allocations of these bits (of weights, of
    activations) are quantised; all but the greedy ones are trained on for `qat_steps`. Errors are measured with the
    rounding that networks are quantised with, or another: for a large network the nearest values, which take minutes.
    """

    name: str
    load: Callable[[Path, Path], tuple[nn.Module, TaskData]]
    workload: str
    hardware: str
    overrides: tuple[str, ...]
    weight_widths: tuple[int, ...]
    activation_widths: tuple[int, ...]
    uniform: tuple[tuple[int, int], ...]
    points: int
    within_points: float
    qat_steps: int = 0
    errors_rounding: Rounding | None = None

    @property
    def every_width(self) -> set[int]:
        """Widths that errors are wanted of."""
        return {*self.weight_widths, *self.activation_widths, *(bits for pair in self.uniform for bits in pair)}

    def meter(self, folder: Path, fetched: Path) -> AccuracyMeter:
        """What measures its designs, and keeps what it measured in the folder."""
        augment = cells.AUGMENT[_FASHION_MNIST] if self.qat_steps else None
        return AccuracyMeter(*self.load(folder, fetched), augment=augment, cache=folder / "measured")

    def designs(self, folder: Path, fetched: Path) -> list[Design]:
        """The front, what the greedy search finds at the same cycles, and the uniform allocations."""
        network = load_workload(_WORKLOADS / f"{self.workload}.yaml")
        machine = load_hardware(self.hardware, self.overrides)
        meter = self.meter(folder, fetched)
        errors = measured_errors(network, meter, self.every_width, DEFAULT_MEASURE, self.errors_rounding)
        freedom = Freedom(self.weight_widths, self.activation_widths, parse_pins(network, ()))
        search = Codesign.prepare(network, machine, freedom, errors)
        return search.front(self.points) + [_uniform(search, *bits) for bits in self.uniform]


def _uniform(search: Codesign, weight_bits: int, activation_bits: int) -> Design:
    """The design with these widths wherever none is pinned."""
    freedom = replace(search.freedom, activation_widths=(activation_bits,))
    return replace(search, freedom=freedom).uniform(weight_bits)


def _fashion_mnist(folder: Path, fetched: Path) -> tuple[nn.Module, TaskData]:
    """As docs/accuracy.md has it; the network is trained first, if that is not done."""
    data = datasets.fashion_mnist(fetched)
    cells.train_network(_FASHION_MNIST, _SEED, folder, fetched)
    return cells.trained_network(_FASHION_MNIST, _SEED, folder), TaskData(
        calibration=cells.calibration_images(data, _SEED),
        test_inputs=data.test_images,
        test_labels=data.test_labels,
        train_inputs=data.train_images,
        train_labels=data.train_labels,
    )


def _photographs(folder: Path, fetched: Path) -> tuple[nn.Module, TaskData]:
    """As docs/accuracy.md has it. Without labels: the float network says which class is right."""
    calibration = datasets.calibration_photos(cells.CALIBRATION_PHOTOS, _SEED)
    return efficientnet_lite0(), TaskData(calibration, datasets.test_photos(cells.TEST_PHOTOS))


TASKS = {
    task.name: task
    for task in (
        # A 32 x 32 array at w4a4 has 64 rows and columns, which layers of 16 to 64 channels leave mostly empty: half of
        # the cycles would be fill and drain, whatever the widths. 8 x 8 PEs are what such a network would be given.
        Task(
            "ResNet-8 on Fashion-MNIST",
            _fashion_mnist,
            "resnet8",
            "edge-lpddr4",
            ("array.rows=8", "array.cols=8"),
            (2, 3, 4, 8),
            (2, 3, 4, 8),
            ((8, 8), (6, 6), (4, 8), (4, 4), (3, 3), (2, 4), (2, 2)),
            points=10,
            within_points=0.5,
            qat_steps=cells.QAT[_FASHION_MNIST],
        ),
        Task(
            "EfficientNet-Lite0 on photographs",
            _photographs,
            "efficientnet_lite0",
            "zcu102",
            (),
            (2, 4, 8),
            (4, 6, 8),
            ((8, 8), (6, 6), (4, 8), (4, 4)),
            points=6,
            within_points=5.0,
            errors_rounding="nearest",
        ),
    )
}


def measure(task_name: str, design: Design, folder: Path, fetched: Path) -> MeasuredDesign:
    """Quantise a design, and train it on if the task says so; what was done before is not done again."""
    torch.set_num_threads(1)
    task, meter = TASKS[task_name], _meter(task_name, folder, fetched)
    trains = task.qat_steps and design.method != "greedy"
    qat = meter.after_qat(design.allocation, task.qat_steps) if trains else None
    return MeasuredDesign(design, meter.after_ptq(design.allocation), qat)


@cache
def _meter(task_name: str, folder: Path, fetched: Path) -> AccuracyMeter:
    """One for all designs that a process measures."""
    return TASKS[task_name].meter(folder, fetched)
