"""A torch network becomes the workload that one would write by hand: the same layers, shapes, counts and formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from accelsim.errors import InputError
from accelsim.workload.importer import workload_text
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload, parse_workload
from benchmarks.accuracy.networks import ResNet8
from quant.ptq.description import describe
from tests.unit.ptq.networks import Residual
from tests.unit.ptq.test_bridge import WORKLOAD

SHIPPED = Path(__file__).parents[2] / "workloads"


def imported(model: nn.Module, *shape: int) -> Workload:
    return parse_workload(workload_text(describe(model, shape), "net", "here"))


class _Block(nn.Module):
    """torchvision's BasicBlock, the shortcut computed first, as the shipped file has it."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(y)) + shortcut)


class _ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.maxpool, self.avgpool = nn.MaxPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1)
        widths = (64, 64, 128, 256, 512)
        for stage in range(1, 5):
            first = _Block(widths[stage - 1], widths[stage], 1 if stage == 1 else 2)
            self.add_module(f"layer{stage}", nn.Sequential(first, _Block(widths[stage], widths[stage], 1)))
        self.fc = nn.Linear(512, 1000)

    def forward(self, image: Tensor) -> Tensor:
        x = self.maxpool(functional.relu(self.bn1(self.conv1(image))))
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


def test_resnet18_is_the_shipped_one() -> None:
    found, shipped = imported(_ResNet18(), 3, 224, 224), load_workload(SHIPPED / "resnet18.yaml")
    assert {layer.name: layer for layer in found.layers} == {layer.name: layer for layer in shipped.layers}
    assert (found.pins, found.bits, found.hardware) == (shipped.pins, shipped.bits, shipped.hardware)


def test_residual_network_is_the_one_written_by_hand() -> None:
    by_hand = parse_workload(WORKLOAD.replace("image", "x"))
    assert imported(Residual(), 2, 8, 8).layers == by_hand.layers


@pytest.mark.parametrize(("model", "shape"), [(ResNet8(), (1, 28, 28)), (Residual(), (2, 9, 7))], ids=["even", "odd"])
def test_counts_are_those_of_torch(model: nn.Module, shape: tuple[int, ...]) -> None:
    """Multiply-accumulates by hooks: each output of a convolution or linear layer takes a filter's weights."""
    macs = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(lambda m, _, out: macs.append(out.numel() * m.weight[0].numel()))
    model.eval()(torch.zeros(1, *shape))
    counted = sum(macs)
    workload = imported(model, *shape)
    assert workload.macs == counted
    assert workload.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_shipped_resnet8_is_the_imported_one() -> None:
    assert load_workload(SHIPPED / "resnet8.yaml").layers == imported(ResNet8(), 1, 28, 28).layers


def test_shipped_efficientnet_lite0_is_the_imported_one() -> None:
    networks = pytest.importorskip("efficientnet_lite_pytorch")
    model = networks.EfficientNet.from_name("efficientnet-lite0")
    assert load_workload(SHIPPED / "efficientnet_lite0.yaml").layers == imported(model, 3, 224, 224).layers


class _Own(nn.Module):
    """A pool and a sum of a tensor that others read, too; a feature map read as a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3, padding="same"), nn.Conv2d(4, 4, 3, padding="same")
        self.fc = nn.Linear(4 * 3 * 3, 5)

    def forward(self, x: Tensor) -> Tensor:
        a = functional.relu6(self.a(x))
        b = self.b(a)
        total = a + b
        pooled = functional.max_pool2d(total, 2, ceil_mode=True)
        return self.fc((pooled + functional.max_pool2d(b, 2, padding=1)).view(x.shape[0], -1))


def test_steps_that_cannot_be_joined_are_layers_of_their_own() -> None:
    """`b` is read by the sum and by a pool. Shapes by hand: 5 x 5 pooled with padding gives 3 x 3; 4 * 9 is 36."""
    workload = imported(_Own(), 1, 5, 5)
    made = {layer.name: (layer.kind, layer.inputs, layer.output_shape) for layer in workload.layers}
    assert made == {
        "a": ("conv2d", ("x",), (4, 5, 5)),
        "b": ("conv2d", ("a",), (4, 5, 5)),
        "add": ("add", ("a", "b"), (4, 3, 3)),
        "max_pool2d_1": ("pool", ("b",), (4, 3, 3)),
        "fc": ("linear", ("max_pool2d_1",), (5, 1, 1)),
    }
    by_name = {layer.name: layer for layer in workload.layers}
    assert [(op.kind, op.operand) for op in by_name["max_pool2d_1"].post] == [("add", "add")]
    assert (by_name["fc"].gemm and by_name["fc"].gemm.reduction) == 36


class _Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) + 1


def refused() -> dict[str, Callable[[], nn.Module]]:
    conv = lambda: nn.Conv2d(1, 2, 3)  # noqa: E731
    shared = nn.Conv2d(1, 1, 1)
    return {
        "1 is Hardswish, for which there is no layer": lambda: nn.Sequential(conv(), nn.Hardswish()),
        "0 is Conv2d, for which there is no layer": lambda: nn.Sequential(nn.Conv2d(1, 2, 3, dilation=2)),
        "add is a call of add, for which": _Scaled,
        "0 is called more than once": lambda: nn.Sequential(shared, nn.ReLU(), shared),
        "0 is a relu of": lambda: nn.Sequential(nn.ReLU(), conv()),
        "no layer that the array runs": lambda: nn.Sequential(nn.MaxPool2d(2)),
        "1 reads a feature map": lambda: nn.Sequential(conv(), nn.Linear(6, 2)),
        "2 normalises what is no channel": lambda: nn.Sequential(conv(), nn.Flatten(), nn.BatchNorm1d(72)),
    }


@pytest.mark.parametrize("message", refused())
def test_what_is_not_supported_is_one_error(message: str) -> None:
    with pytest.raises((InputError, ValueError), match=message):
        imported(refused()[message](), 1, 8, 8)


class _Calls(nn.Module):
    """Functions with their arguments by name, an average of both axes, and an argument that has a default."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 2, 3), nn.Linear(2, 3)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        y = functional.max_pool2d(functional.relu(input=self.conv(x)), kernel_size=2)
        return self.fc(torch.mean(y, dim=[-1, -2]))


def test_arguments_by_name() -> None:
    conv, fc = imported(_Calls(), 1, 8, 8).layers
    assert [operation.kind for operation in conv.post] == ["bias", "relu", "max_pool", "global_avg_pool"]
    assert (conv.raw_shape, conv.output_shape, fc.output_shape) == ((2, 6, 6), (2, 1, 1), (3, 1, 1))


def test_an_input_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"an input of shape \(3, 8, 8\) cannot be run"):
        imported(ResNet8(), 3, 8, 8)
