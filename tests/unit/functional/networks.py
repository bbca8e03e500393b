"""Small networks with values, and files of encoded layers for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from accelsim.config.presets import load_hardware
from accelsim.functional.network import network_numbers
from accelsim.functional.run import FunctionalRun
from accelsim.result import Result
from accelsim.simulation import simulate
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from quant.encoded import NETWORK_INPUT, EncodedLayer, EncodedModel, save_encoded
from quant.granularity import Granularity
from quant.packing import pack_codes
from quant.reference.draw import drawn
from quant.reference.values import NetworkValues

#: One of everything that a convolutional network has: strides, padding, groups, pools, both kinds of sums.
CONVOLUTIONAL = """
name: net
input: {name: image, shape: [3, 13, 11]}
layers:
  - {name: stem, kind: conv2d, input: image, out_channels: 40, kernel: 3, stride: 2, padding: 1, post: [bias, relu6]}
  - {name: mix, kind: conv2d, input: stem, out_channels: 40, kernel: 3, padding: 1, groups: 40, post: [batch_norm]}
  - {name: out, kind: conv2d, input: mix, out_channels: 40, kernel: 1, post: [bias, {add: stem}]}
  - name: two
    kind: conv2d
    input: out
    out_channels: 24
    kernel: [3, 2]
    stride: [1, 3]
    groups: 2
    post: [bias, gelu, {max_pool: {kernel: 2, stride: 1, padding: 1}}]
  - {name: small, kind: pool, mode: avg, input: two, kernel: 2, stride: 1}
  - {name: large, kind: pool, mode: max, input: two, kernel: 2, stride: 1}
  - {name: sum, kind: add, input: small, other: large, post: [relu]}
  - name: last
    kind: conv2d
    input: sum
    out_channels: 34
    kernel: 3
    padding: 2
    post: [bias, relu, {avg_pool: {kernel: 3, stride: 2, padding: 1}}]
  - {name: fc, kind: linear, input: last, view: flatten, out_channels: 10, post: [bias]}
"""

#: An image as tokens, one attention block with its MLP, read out at the class token.
ATTENTION = """
name: attention
input: {name: image, shape: [20, 3, 4]}
layers:
  - {name: tokens, kind: class_token, input: image}
  - {name: norm, kind: layer_norm, input: tokens}
  - {name: q, kind: linear, input: norm, out_channels: 20, post: [bias]}
  - {name: k, kind: linear, input: norm, out_channels: 20, post: [bias]}
  - {name: v, kind: linear, input: norm, out_channels: 20, post: [bias]}
  - {name: scores, kind: matmul, input: q, other: k, heads: 2, transpose_other: true}
  - {name: shares, kind: softmax, input: scores, heads: 2}
  - {name: context, kind: matmul, input: shares, other: v, heads: 2}
  - {name: proj, kind: linear, input: context, out_channels: 20, post: [bias, {add: tokens}]}
  - {name: mlp, kind: linear, input: proj, out_channels: 50, post: [bias, gelu]}
  - {name: head, kind: linear, input: mlp, view: first_token, out_channels: 7, post: [bias]}
"""


def functional(text: str, bits: str, *overrides: str, images: int = 1, faults: tuple[str, ...] = ()) -> FunctionalRun:
    """A finished functional run of a network on the zcu102, with drawn values and several images if asked for."""
    return functional_result(text, bits, *overrides, images=images, faults=faults)[0]


def functional_result(
    text: str, bits: str, *overrides: str, images: int = 1, faults: tuple[str, ...] = ()
) -> tuple[FunctionalRun, Result]:
    """The same with what `simulate` says of it. `bits` may be the path of an encoded file."""
    workload, machine = parse_workload(text), load_hardware("zcu102", overrides)
    precision = resolve_precision(workload, bits)
    batch = drawn("batch", (images, *workload.input_shape), seed=1)
    encoded = Path(bits) if bits.endswith(".safetensors") else None
    run = FunctionalRun(workload, machine, precision, images=batch, encoded=encoded, faults=faults)
    return run, simulate(workload, machine, precision, baseline="none", functional=run)


def encoded_model(workload: Workload, bits: str, *, per_channel: bool = True) -> EncodedModel:
    """Drawn weights and calibrated activations as a model that can be written."""
    precision = resolve_precision(workload, bits)
    values = network_numbers(workload, precision, None, drawn("batch", (1, *workload.input_shape), seed=1)).values
    layers = {}
    for name, layer in values.layers.items():
        scales = layer.scales if per_channel else layer.scales[:1]
        layers[f"{name}.weight"] = EncodedLayer(
            pack_codes(layer.codes, layer.number_format.bits),
            scales,
            layer.number_format,
            layer.codes.shape,
            Granularity(axis=0 if per_channel else None),
            precision.tensors[next(each for each in workload.layers if each.name == name).inputs[0]].name,
        )
    biases = {f"{name}.bias": layer.bias for name, layer in values.layers.items()}
    return EncodedModel(layers, {**biases, **values.vectors}, _stored(workload, values))


def _stored(workload: Workload, values: NetworkValues) -> dict[str, object]:
    return {NETWORK_INPUT if name == workload.input_name else name: each for name, each in values.tensors.items()}


def encoded_file(directory: Path, text: str, bits: str, *, per_channel: bool = True) -> Path:
    """The file of `encoded_model`."""
    path = directory / "net.safetensors"
    save_encoded(encoded_model(parse_workload(text), bits, per_channel=per_channel), path)
    return path


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Of the norms."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))
