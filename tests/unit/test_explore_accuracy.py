"""In the loop: which design is chosen, what is trained on, and that both sides mean the same by an allocation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from accelsim.errors import InputError
from accelsim.explore.codesign.accuracy import MeasuredDesign, best_of, in_the_loop, load_meter
from accelsim.explore.codesign.errors import NoiseErrors
from accelsim.explore.codesign.problem import Freedom, allocation_problem
from accelsim.explore.codesign.search import Design
from accelsim.workload.importer import workload_text
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import allocated_precision, signed_tensors
from benchmarks.accuracy.networks import ResNet8
from quant.allocation.file import LayerFormats
from quant.ptq import PtqSettings, quantise
from quant.ptq.accuracy import AccuracyMeter
from quant.ptq.data import TaskData
from quant.ptq.description import describe
from quant.ptq.graph import array_layers, tensor_formats, trace, uniform_allocation
from tests.unit.ptq.networks import Residual, images


def design(speedup: float, formats: str = "dybit4") -> Design:
    allocation = uniform_allocation(trace(Residual()), LayerFormats(formats, formats))
    return Design(allocation, "exact", 0.1, 4.0, 100.0, None, speedup, None)


def measured(*pairs: tuple[float, float]) -> list[MeasuredDesign]:
    return [MeasuredDesign(design(speedup), accuracy) for speedup, accuracy in pairs]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(4, 88), (3, 89.2), (2, 89.9), (1, 90)], 3),  # the fastest within one point of 90
        ([(4, 80), (3, 85), (2, 84), (1, 85)], 3),  # none is: the most accurate, of equal ones the fastest
        ([(4, 89), (3, 90)], 4),  # a loss of just one point is within
    ],
)
def test_which_design_is_best(pairs: list[tuple[float, float]], expected: float) -> None:
    assert best_of(measured(*pairs), 90, 1).design.simulated_speedup == expected


def test_the_better_of_ptq_and_qat_counts() -> None:
    fast, slow = MeasuredDesign(design(4), 85, 89.5), MeasuredDesign(design(2), 90, 80)
    assert (fast.best, slow.best) == (89.5, 90)
    assert best_of([slow, fast], 90, 1) is fast


def test_only_the_chosen_design_is_trained_on() -> None:
    inputs = images(32)
    labels = torch.zeros(32, dtype=torch.int64)
    data = TaskData(inputs[:16], inputs, train_inputs=inputs, train_labels=labels)
    meter = AccuracyMeter(Residual(), data, PtqSettings(rounding="nearest", correct_bias=False))
    found = in_the_loop([design(2, "dybit8"), design(4, "dybit2"), design(3, "dybit4")], meter, 100, qat_steps=2)
    assert [each.design.simulated_speedup for each in found.measured] == [4, 3, 2]
    assert [each.qat is not None for each in found.measured] == [True, False, False]
    assert found.chosen is found.measured[0]
    assert found.chosen.ptq == meter.after_ptq(found.chosen.design.allocation)
    document = found.document()
    assert (document["chosen"], document["floating"], document["measure"]) == (
        0,
        100,
        "agreement with the float network",
    )
    assert document["designs"][1]["allocation"]["stem"] == {"weights": "dybit4", "activations": "dybit4"}


def test_a_design_of_another_network_is_wrong_input() -> None:
    meter = AccuracyMeter(ResNet8(), TaskData(torch.randn(4, 1, 28, 28), torch.randn(2, 1, 28, 28)))
    with pytest.raises(InputError, match="no layer depthwise, project, shortcut"):
        in_the_loop([design(2)], meter)


def test_loading(tmp_path: Path) -> None:
    rows = np.zeros((4, 1, 28, 28), np.float32)
    np.savez(tmp_path / "d.npz", calibration=rows, test_inputs=rows)
    resnet8 = "benchmarks.accuracy.networks:ResNet8"
    assert load_meter(resnet8, tmp_path / "d.npz").floating == 100
    for model, data, message in (
        ("benchmarks.accuracy.networks:ResNet9", "d.npz", "did you mean 'ResNet8'"),
        (resnet8, "e.npz", "e.npz"),
    ):
        with pytest.raises(InputError, match=message):
            load_meter(model, tmp_path / data)


@pytest.mark.parametrize(
    ("model", "shape"), [(ResNet8(), (1, 28, 28)), (Residual(), (2, 12, 12))], ids=["resnet8", "residual"]
)
def test_both_sides_mean_the_same_by_an_allocation(model: nn.Module, shape: tuple[int, ...]) -> None:
    """Of allocations at random, as the search makes them: one format and one sign for what a layer reads."""
    workload = parse_workload(workload_text(describe(model, shape), "net", "here"))
    problem = allocation_problem(workload, None, Freedom(), NoiseErrors(workload))
    network, layers = trace(model), [layer for layer in workload.layers if layer.on_array]
    rng = np.random.default_rng(0)
    for _ in range(10):
        allocation = problem.formats(tuple(int(rng.integers(len(choice.formats))) for choice in problem.choices))
        precision = allocated_precision(workload, allocation, "random")
        formats = tensor_formats(network, allocation)
        reads = {name: layer.nodes[0].args[0] for name, layer in array_layers(network).items()}
        assert {layer.name: formats[reads[layer.name]] for layer in layers} == {
            layer.name: precision.tensors[layer.inputs[0]].name for layer in layers
        }
    nearest = PtqSettings(rounding="nearest", correct_bias=False)
    quantised = quantise(model, allocation, [torch.randn(8, *shape)], nearest)
    signs = {layer.name: quantised.get_submodule(f"{reads[layer.name].name}_quantiser") for layer in layers}
    assert {name: quantiser.number_format.signed for name, quantiser in signs.items()} == {
        layer.name: signed_tensors(workload)[layer.inputs[0]] for layer in layers
    }
