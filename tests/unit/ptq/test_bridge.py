"""What `quant.ptq` exports is what the simulator runs: the same formats for the same tensors, on both sides."""

from pathlib import Path

import torch

from accelsim.config.presets import load_hardware
from accelsim.functional.run import FunctionalRun
from accelsim.simulation import simulate
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from quant.allocation.file import LayerFormats, read_allocation, write_allocation
from quant.encoded import save_encoded
from quant.ptq import encoded_layers, quantise, trace, uniform_allocation
from tests.unit.ptq.networks import Residual, images

WORKLOAD = """\
name: residual
input: {name: image, shape: [2, 8, 8]}
layers:
  - {name: stem, kind: conv2d, input: image, out_channels: 8, kernel: 3, padding: 1, post: [batch_norm, relu]}
  - {name: depthwise, kind: conv2d, input: stem, out_channels: 8, kernel: 3, stride: 2, padding: 1, groups: 8,
     post: [bias, relu]}
  - {name: project, kind: conv2d, input: depthwise, out_channels: 12, kernel: 1, post: [bias]}
  - {name: shortcut, kind: conv2d, input: stem, out_channels: 12, kernel: 1, stride: 2,
     post: [bias, {add: project}, relu]}
  - {name: again, kind: conv2d, input: shortcut, out_channels: 12, kernel: 3, padding: 1,
     post: [bias, {add: shortcut}, relu, global_avg_pool]}
  - {name: fc, kind: linear, input: again, out_channels: 5, post: [bias]}
"""

# The simulator calls a tensor by the layer that stores it, torch.fx by the operation.
TENSORS = {
    "image": "x",
    "stem": "relu",
    "depthwise": "relu_1",
    "project": "project",
    "shortcut": "relu_2",
    "again": "mean",
}


def quantised(allocation: dict[str, LayerFormats]) -> torch.fx.GraphModule:
    return quantise(Residual(), allocation, [images()])


def allocation() -> dict[str, LayerFormats]:
    mixed = uniform_allocation(trace(Residual()), LayerFormats("dybit4", "dybit8"), LayerFormats("int8", "int8"))
    return mixed | {"again": LayerFormats("dybit3", "dybit5")}


def test_formats_of_weights_and_tensors_agree(tmp_path: Path) -> None:
    network = quantised(allocation())
    path = tmp_path / "residual.safetensors"
    save_encoded(encoded_layers(network), path)
    precision = resolve_precision(parse_workload(WORKLOAD, "residual.yaml"), str(path))
    weights = {name: formats.weights for name, formats in allocation().items()}
    assert {name: found.name for name, found in precision.weights.items()} == weights
    for tensor, node in TENSORS.items():
        expected = network.get_submodule(f"{node}_quantiser").number_format
        assert (precision.tensors[tensor].name, precision.tensors[tensor].signed) == (expected.name, expected.signed)


def test_both_sides_read_one_allocation_file(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    write_allocation(allocation(), path)
    precision = resolve_precision(parse_workload(WORKLOAD, "residual.yaml"), str(path))
    network = quantised(read_allocation(path))
    assert (
        precision.tensors["shortcut"].name == network.get_submodule("relu_2_quantiser").number_format.name == "dybit5"
    )


def test_the_simulator_computes_what_torch_computes(tmp_path: Path) -> None:
    """Up to float32 sums in torch: where one tips a code over, a logit moves by less than a hundredth of their norm."""
    network, path = quantised(allocation()), tmp_path / "residual.safetensors"
    save_encoded(encoded_layers(network), path)
    workload, machine = parse_workload(WORKLOAD), load_hardware("zcu102")
    precision, batch = resolve_precision(workload, str(path)), images()
    run = FunctionalRun(workload, machine, precision, images=batch.numpy(), encoded=path)
    values = simulate(workload, machine, precision, baseline="none", functional=run).functional
    assert values is not None
    assert (values.equals_reference, values.scales) == (True, "of the file")
    expected = network(batch).detach()
    found = torch.from_numpy(run.output).flatten(1)
    assert (found - expected).norm() < 0.01 * expected.norm()
    assert values.top1 == expected.argmax(1).tolist()
