"""An encoded file as the precision of a run: formats, shapes, and bytes that file and simulator agree on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.simulation import run_network
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from quant import get_format
from quant.encoded import EncodedModel, encode_layer, load_encoded, save_encoded
from quant.granularity import Granularity
from quant.scaling import choose_scales

#: 135, 45, 250 and 30 weights: at most widths the last byte of a layer is not full.
NET = """\
name: net
input: {name: x, shape: [3, 7, 7]}
layers:
- {name: stem, kind: conv2d, input: x, out_channels: 5, kernel: 3, post: [relu]}
- {name: mix, kind: conv2d, input: stem, out_channels: 5, kernel: 3, groups: 5, padding: 1, post: [relu]}
- {name: flat, kind: linear, input: mix, out_channels: 2, view: flatten}
- {name: fc, kind: linear, input: flat, out_channels: 15}
"""
SHAPES = {"stem": (5, 3, 3, 3), "mix": (5, 1, 3, 3), "flat": (2, 125), "fc": (15, 2)}

ATTENTION = """\
name: net
input: {name: x, shape: [4, 2, 1]}
layers:
- {name: q, kind: linear, input: x, out_channels: 4}
- {name: k, kind: linear, input: x, out_channels: 4}
- {name: scores, kind: matmul, input: q, other: k, transpose_other: true}
- {name: head, kind: linear, input: scores, out_channels: 3}
"""


def write(
    path: Path,
    formats: dict[str, tuple[str, str | None]],
    granularity: Granularity | None = None,
    shapes: dict[str, tuple[int, ...]] = SHAPES,
    suffix: str = ".weight",
) -> Path:
    """A file of random layers in these (weight, activation) formats, and a tensor that no workload has."""
    granularity, rng = granularity or Granularity(0), np.random.default_rng(0)
    layers = {}
    for name, (weights, activations) in formats.items():
        x, kind = rng.standard_normal(shapes.get(name, (2, 2))), get_format(weights)
        encoded = encode_layer(x, kind, choose_scales(x, kind, granularity), granularity)
        layers[name + suffix] = replace(encoded, activations=activations)
    save_encoded(EncodedModel(layers, {"bias": np.zeros(3, np.float32)}), path)
    return path


def uniform(weights: str, activations: str | None = "dybit4") -> dict[str, tuple[str, str | None]]:
    return dict.fromkeys([*SHAPES, "embedding"], (weights, activations))


def net(text: str = NET) -> Workload:
    return parse_workload(text, "net.yaml")


@pytest.mark.parametrize("suffix", [".weight", ""])
def test_the_file_gives_formats_and_scales(suffix: str, tmp_path: Path) -> None:
    formats: dict[str, tuple[str, str | None]] = {
        "stem": ("dybit8", "int8"),
        "mix": ("int4", "dybit5"),
        "flat": ("fp6_e3m2", "dybit4"),
        "fc": ("dybit3", "dybit2"),
    }
    precision = resolve_precision(net(), str(write(tmp_path / "mixed.safetensors", formats, suffix=suffix)))
    assert precision.label == "mixed"
    assert {name: found.name for name, found in precision.weights.items()} == {n: w for n, (w, _) in formats.items()}
    tensors = {name: (found.name, found.signed) for name, found in precision.tensors.items()}
    assert tensors == {
        "x": ("int8", True),
        "stem": ("dybit5", False),
        "mix": ("dybit4", False),
        "flat": ("dybit2", True),
        "fc": ("fp32", True),
    }
    assert precision.scale_bytes == {name: 4 * SHAPES[name][0] for name in SHAPES}


GRANULARITIES = [Granularity(0), Granularity(), Granularity(0, 4), Granularity(1)]


@pytest.mark.parametrize("granularity", GRANULARITIES, ids=str)
@pytest.mark.parametrize("name", ["dybit2", "dybit3", "dybit4", "dybit5", "int6", "dybit7", "dybit8", "fp16"])
def test_file_allocation_and_simulator_count_the_same_bytes(
    name: str, granularity: Granularity, tmp_path: Path
) -> None:
    """Each weight is read once, and nothing but weights and scales goes through the weight DMA: no parameters."""
    path = write(tmp_path / "net.safetensors", uniform(name), granularity)
    stored, bits = load_encoded(path).layers, get_format(name).bits
    workload, precision = net(), resolve_precision(net(), str(path))
    machine = load_hardware("zcu102", ["vector.parameter_bytes_per_channel=0"])
    result = run_network(workload, machine, precision)
    payload = scales = 0
    for layer, ran in zip(workload.layers, result.layers, strict=True):
        elements = int(np.prod(SHAPES[layer.name]))
        encoded = stored[f"{layer.name}.weight"]
        assert encoded.packed.nbytes == encoded.payload_bytes == -(-elements * bits // 8) == ran.weight_bytes
        payload, scales = payload + encoded.packed.nbytes, scales + encoded.scales.nbytes
    assert result.statistics["core0"]["weight_dma"]["read_bytes"] == payload + scales
    bare = run_network(workload, machine, replace(precision, scale_bytes={}))
    assert bare.statistics["core0"]["weight_dma"]["read_bytes"] == payload
    assert sum(bare.bandwidth.bytes_by_initiator["weight"]) == payload
    assert sum(result.bandwidth.bytes_by_initiator["weight"]) == payload + scales


def test_scales_come_beside_the_parameters(tmp_path: Path) -> None:
    """8 bytes of bias and requantisation scale for each of the 5 + 5 + 2 + 15 outputs, 4 bytes of weight scale."""
    path = write(tmp_path / "net.safetensors", uniform("dybit4"))
    from_file = run_network(net(), load_hardware("zcu102"), resolve_precision(net(), str(path)))
    by_width = run_network(net(), load_hardware("zcu102"), resolve_precision(net(), "w4a4"))
    assert by_width.statistics["core0"]["weight_dma"]["read_bytes"] == 68 + 23 + 125 + 15 + 8 * 27
    assert from_file.totals.dram_read_bytes - by_width.totals.dram_read_bytes == 4 * 27
    assert [layer.weight_bytes for layer in from_file.layers] == [layer.weight_bytes for layer in by_width.layers]


def test_a_matmul_has_the_activations_of_the_layer_before_it(tmp_path: Path) -> None:
    shapes = {"q": (4, 4), "k": (4, 4), "head": (3, 2)}
    formats: dict[str, tuple[str, str | None]] = dict.fromkeys(("q", "k"), ("dybit3", "dybit4"))
    formats["head"] = ("dybit8", "dybit8")
    path = write(tmp_path / "net.safetensors", formats, shapes=shapes)
    precision = resolve_precision(net(ATTENTION), str(path))
    found = {name: tensor.name for name, tensor in precision.tensors.items()}
    assert found == {"x": "dybit4", "q": "dybit4", "k": "dybit4", "scores": "dybit8", "head": "fp32"}


def fails(path: Path, text: str = NET) -> InputError:
    with pytest.raises(InputError) as caught:
        resolve_precision(net(text), str(path))
    return caught.value


def test_a_layer_that_is_missing_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path / "net.safetensors", uniform("dybit4"))
    error = fails(path, NET.replace("name: fc", "name: fcc"))
    assert (error.where, error.nearest) == (str(path), "fc.weight")
    assert "fcc.weight or fcc for net.yaml:7: layer fcc" in error.found


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [("stem", (5, 3, 3), (5, 3, 3, 3)), ("mix", (5, 5, 3, 3), (5, 1, 3, 3)), ("fc", (2, 15), (15, 2))],
)
def test_a_shape_that_differs_is_named_with_the_expected_one(
    layer: str, shape: tuple[int, ...], expected: tuple[int, ...], tmp_path: Path
) -> None:
    path = write(tmp_path / "net.safetensors", uniform("dybit4"), shapes=SHAPES | {layer: shape})
    error = fails(path)
    assert f"{layer}.weight has shape {shape}" in error.found
    assert str(expected) in error.allowed
    assert f"layer {layer}" in error.allowed


def test_a_file_without_activations_says_how_to_make_one(tmp_path: Path) -> None:
    error = fails(write(tmp_path / "net.safetensors", uniform("dybit4") | {"mix": ("dybit4", None)}))
    assert error.where.endswith("net.safetensors: layer mix")
    assert "quant encode" in error.allowed


def test_readers_of_one_tensor_that_disagree(tmp_path: Path) -> None:
    text = NET.replace("input: flat, out_channels: 15", "input: mix, out_channels: 15, view: flatten")
    formats = uniform("dybit4") | {"fc": ("dybit4", "int8")}
    path = write(tmp_path / "net.safetensors", formats, shapes=SHAPES | {"fc": (15, 125)})
    assert "'flat' reads dybit4, 'fc' reads int8" in fails(path, text).found


@pytest.mark.parametrize("content", [b"", b"junk" * 20, None])
def test_what_is_no_encoded_file(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    if content is not None:
        path.write_bytes(content)
    error = fails(path)
    assert error.where == str(path)
    assert str(error).count(str(path)) <= 2  # the system's own message may have it, too


def test_a_plain_safetensors_file_is_no_encoded_file(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"fc.weight": np.zeros((2, 2), np.float32)}, tmp_path / "net.safetensors")
    assert "no encoded layers" in fails(tmp_path / "net.safetensors").found
