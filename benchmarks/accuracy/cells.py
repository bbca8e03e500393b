"""What one cell of the table is, and how it is measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.accuracy import datasets
from benchmarks.accuracy.networks import ResNet8, efficientnet_lite0
from quant.allocation.file import LayerFormats
from quant.files import replacing
from quant.granularity import Granularity
from quant.ptq.graph import trace, uniform_allocation
from quant.ptq.layer_rounding import PtqSettings, Rounding
from quant.ptq.quantise import quantise
from quant.ptq.training import TrainingSettings, train

DATASETS: dict[str, Callable[[Path], datasets.Dataset]] = {
    "Fashion-MNIST": datasets.fashion_mnist,
    "MNIST": datasets.mnist,
}
PHOTOS = "photographs"
FAMILIES = ("INT", "FP", "flint", "PoT", "DyBit")
STEP_FAMILIES = ("INT", "DyBit")
ROWS = ("W8A8", "W4A8", "W4A4", "W3A3", "W2A4")
SEEDS = (0, 1, 2)

FIRST_AND_LAST = LayerFormats("int8", "int8")
_FORMATS = {  # by width; a ternary weight is the same in every family, and flint has no form of its own
    "INT": {2: "int2", 3: "int3", 4: "int4", 8: "int8"},
    "FP": {2: "fp2_e1m0", 3: "fp3_e2m0", 4: "fp4_e2m1", 8: "fp8_e4m3"},
    "flint": {2: "int2", 3: "flint3", 4: "flint4", 8: "flint8"},
    "PoT": {2: "pot2", 3: "pot3", 4: "pot4", 8: "pot8"},
    "DyBit": {2: "dybit2", 3: "dybit3", 4: "dybit4", 8: "dybit8"},
}

TRAINING = {"Fashion-MNIST": 8 * 468, "MNIST": 3 * 468}  # steps of 128 rows
QAT = {"Fashion-MNIST": 60, "MNIST": 20}  # steps
_QAT_LEARNING_RATE = 1e-4  # tenfold, and a converged 8-bit network loses half a point
CALIBRATION_PHOTOS, TEST_PHOTOS = 30, 64
_CALIBRATION_ROWS, _BATCH_PHOTOS = 512, 10

STEPS = ("nearest, a scale per tensor", "a scale per channel", "GPTQ", "GPTAQ", "bias correction")
"""What is added, one to the next, to quantise EfficientNet-Lite0."""


@dataclass(frozen=True)
class Cell:
    """A network at a precision, a family of formats, and a seed; and how its weights are rounded."""

    task: str
    row: str
    family: str
    seed: int
    rounding: Rounding = "gptaq"
    correct_bias: bool = True
    per_channel: bool = True

    @property
    def name(self) -> str:
        return "-".join(str(value) for value in asdict(self).values())

    @property
    def formats(self) -> LayerFormats:
        weights, activations = (_FORMATS[self.family][int(self.row[at])] for at in (1, 3))
        return LayerFormats(weights, activations)

    @property
    def settings(self) -> PtqSettings:
        granularity = Granularity(axis=0 if self.per_channel else None)
        return PtqSettings(self.rounding, self.correct_bias, granularity, seed=self.seed)


def all_cells() -> list[Cell]:
    """Every cell of the report, photographs first: they take longest. Those have one seed but at W4A8."""
    photos = [
        Cell(PHOTOS, row, f, seed) for row in ROWS for f in FAMILIES for seed in (SEEDS if row == "W4A8" else (0,))
    ]
    steps = [cell for family in STEP_FAMILIES for step in range(len(STEPS)) for cell in [step_cell(family, step)]]
    trained = [Cell(task, row, f, seed) for task in DATASETS for row in ROWS for f in FAMILIES for seed in SEEDS]
    return list(dict.fromkeys([*photos, *steps, *trained]))


def step_cell(family: str, step: int) -> Cell:
    """The cell after the first `step` of STEPS were added."""
    rounding: Rounding = "nearest" if step < 2 else "gptq" if step == 2 else "gptaq"
    return Cell(PHOTOS, "W4A8", family, 0, rounding, correct_bias=step == 4, per_channel=step > 0)


def train_network(task: str, seed: int, folder: Path, cache: Path) -> float:
    """Train the float network of a seed, if that is not done; its test accuracy in percent."""
    torch.set_num_threads(1)
    data = DATASETS[task](cache)
    network = _new_network(seed)
    settings = TrainingSettings(TRAINING[task], learning_rate=1e-2, weight_decay=5e-2, seed=seed)
    path = _network_path(folder, task, seed)
    train(network, data.train_images, data.train_labels, settings, augment=AUGMENT[task], checkpoint=path)
    return _accuracy(network, data)


def trained_network(task: str, seed: int, folder: Path) -> nn.Module:
    """What `train_network` trained."""
    network = _new_network(seed)
    network.load_state_dict(torch.load(_network_path(folder, task, seed), weights_only=True)["network"])
    return network.eval()


def measure(cell: Cell, folder: Path, cache: Path) -> dict[str, float]:
    """Percentages after PTQ, and for the trained networks after nearest rounding and after QAT; seconds."""
    torch.set_num_threads(1)
    path = folder / "cells" / f"{cell.name}.json"
    if path.exists():
        stored: dict[str, float] = json.loads(path.read_text())
        return stored
    started = time.perf_counter()
    found = _measure_photos(cell) if cell.task == PHOTOS else _measure_trained(cell, folder, cache)
    found["seconds"] = time.perf_counter() - started
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_text(json.dumps(found))
    return found


def _measure_trained(cell: Cell, folder: Path, cache: Path) -> dict[str, float]:
    data = DATASETS[cell.task](cache)
    network = trained_network(cell.task, cell.seed, folder)
    calibration = calibration_images(data, cell.seed).split(128)
    allocation = uniform_allocation(trace(network), cell.formats, FIRST_AND_LAST)
    nearest = quantise(network, allocation, calibration, replace(cell.settings, rounding="nearest"))
    quantised = quantise(network, allocation, calibration, cell.settings)
    found = {"nearest": _accuracy(nearest, data), "ptq": _accuracy(quantised, data)}
    checkpoint = folder / "checkpoints" / f"{cell.name}.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    settings = TrainingSettings(QAT[cell.task], learning_rate=_QAT_LEARNING_RATE, checkpoint_every=20, seed=cell.seed)
    augment = AUGMENT[cell.task]
    train(quantised, data.train_images, data.train_labels, settings, augment=augment, checkpoint=checkpoint)
    checkpoint.unlink()
    return found | {"qat": _accuracy(quantised, data)}


def _measure_photos(cell: Cell) -> dict[str, float]:
    """Agreement of the most likely class with the float network's; and the signal-to-noise ratio of the logits."""
    network = efficientnet_lite0()
    calibration = datasets.calibration_photos(CALIBRATION_PHOTOS, cell.seed).split(_BATCH_PHOTOS)
    allocation = uniform_allocation(trace(network), cell.formats, FIRST_AND_LAST)
    quantised = quantise(network, allocation, calibration, cell.settings)
    photos = datasets.test_photos(TEST_PHOTOS)
    expected, logits = _outputs(network, photos), _outputs(quantised, photos)
    agree = (logits.argmax(1) == expected.argmax(1)).float().mean().item()
    noise = (logits - expected).square().sum() / expected.square().sum()
    return {"ptq": 100 * agree, "sqnr_db": -10 * torch.log10(noise).item()}


def calibration_images(data: datasets.Dataset, seed: int) -> Tensor:
    """The training images that the networks of a seed are calibrated on."""
    rows = torch.randperm(len(data.train_images), generator=torch.Generator().manual_seed(seed))
    return data.train_images[rows[:_CALIBRATION_ROWS]]


def _new_network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return ResNet8().to(memory_format=torch.channels_last)


def _network_path(folder: Path, task: str, seed: int) -> Path:
    path = folder / "networks" / f"{task}-{seed}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _accuracy(network: nn.Module, data: datasets.Dataset) -> float:
    correct = _outputs(network, data.test_images).argmax(1) == data.test_labels
    return 100 * correct.float().mean().item()


def _outputs(network: nn.Module, images: Tensor) -> Tensor:
    batch_rows = 500 if images.shape[1] == 1 else _BATCH_PHOTOS
    with torch.inference_mode():
        return torch.cat([network(batch) for batch in images.split(batch_rows)])


def _shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """All images of a batch moved by up to two pixels each way."""
    moves = torch.randint(-2, 3, (2,), generator=generator).tolist()
    return images.roll(moves, (2, 3))


def _flip_and_shift(images: Tensor, generator: torch.Generator) -> Tensor:
    mirrored = torch.randint(0, 2, (len(images), 1, 1, 1), generator=generator).bool()
    return _shift(torch.where(mirrored, images.flip(3), images), generator)


AUGMENT = {"Fashion-MNIST": _flip_and_shift, "MNIST": _shift}
