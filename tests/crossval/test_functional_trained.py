"""A network trained on real digits, on the simulator and in torch: the same class for each of 1,000 images."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.config.presets import load_hardware
from accelsim.functional.run import FunctionalRun
from accelsim.simulation import simulate
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

torch = pytest.importorskip("torch")
sklearn_datasets = pytest.importorskip("sklearn.datasets")

WORKLOAD = """
name: digits
input: {name: image, shape: [1, 8, 8]}
layers:
  - {name: first, kind: conv2d, input: image, out_channels: 16, kernel: 3, padding: 1, post: [batch_norm, relu]}
  - {name: second, kind: conv2d, input: first, out_channels: 16, kernel: 3, padding: 1, stride: 2, post: [bias, relu]}
  - {name: third, kind: conv2d, input: second, out_channels: 16, kernel: 3, padding: 1,
     post: [bias, {add: second}, relu, {max_pool: {kernel: 2, stride: 2}}]}
  - {name: classes, kind: linear, input: third, view: flatten, out_channels: 10, post: [bias]}
"""
ROWS = 1000


class Digits(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(16)
        self.second = torch.nn.Conv2d(16, 16, 3, padding=1, stride=2)
        self.third = torch.nn.Conv2d(16, 16, 3, padding=1)
        self.classes = torch.nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.first(x)))
        x = torch.relu(self.second(x))
        x = torch.nn.functional.max_pool2d(torch.relu(self.third(x) + x), 2)
        return self.classes(x.flatten(1))


@pytest.mark.slow
@pytest.mark.parametrize("formats", [("dybit4", "dybit8"), ("dybit8", "dybit8"), ("int8", "int8")])
def test_every_image_gets_the_class_that_torch_gives_it(formats: tuple[str, str], tmp_path: Path) -> None:
    from quant.allocation.file import LayerFormats
    from quant.encoded import save_encoded
    from quant.ptq import TrainingSettings, encoded_layers, quantise, trace, train, uniform_allocation

    pixels, labels = sklearn_datasets.load_digits(return_X_y=True)
    images = torch.from_numpy((pixels.reshape(-1, 1, 8, 8) - pixels.mean()) / pixels.std()).float()
    labels = torch.from_numpy(labels)
    network = Digits()
    train(network, images[ROWS:], labels[ROWS:], TrainingSettings(120, learning_rate=1e-2, seed=0))
    quantised = quantise(network, uniform_allocation(trace(network), LayerFormats(*formats)), [images[ROWS:]])
    path = tmp_path / "digits.safetensors"
    save_encoded(encoded_layers(quantised), path)
    with torch.inference_mode():
        expected = quantised(images[:ROWS]).argmax(1)
    workload, machine = parse_workload(WORKLOAD), load_hardware("zcu102")
    precision = resolve_precision(workload, str(path))
    run = FunctionalRun(workload, machine, precision, images=images[:ROWS].numpy(), encoded=path)
    values = simulate(workload, machine, precision, baseline="none", functional=run).functional
    assert values is not None
    assert values.equals_reference
    assert values.top1 == expected.tolist()
    assert (expected == labels[:ROWS]).float().mean() > 0.9
