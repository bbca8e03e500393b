"""Where the numbers of a network come from, and what is refused before a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.functional.run import FunctionalRun, load_images
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from quant.encoded import EncodedModel, StoredTensor, save_encoded
from quant.formats import get_format
from quant.granularity import Granularity
from tests.unit.functional.networks import encoded_model, functional_result

TEXT = """
name: net
input: {name: image, shape: [2, 4, 4]}
layers:
  - {name: a, kind: conv2d, input: image, out_channels: 3, kernel: 3, post: [bias, relu]}
  - {name: fc, kind: linear, input: a, view: flatten, out_channels: 5, post: [bias]}
"""


def written(tmp_path: Path, change: Callable[[EncodedModel], EncodedModel]) -> str:
    path = tmp_path / "net.safetensors"
    save_encoded(change(encoded_model(parse_workload(TEXT), "w4a4")), path)
    return str(path)


def without_bias(model: EncodedModel) -> EncodedModel:
    return replace(model, kept={name: kept for name, kept in model.kept.items() if name != "a.bias"})


def short_bias(model: EncodedModel) -> EncodedModel:
    return replace(model, kept={**model.kept, "a.bias": np.zeros(2, np.float32)})


def in_groups(model: EncodedModel) -> EncodedModel:
    layer = model.layers["a.weight"]
    grouped = replace(layer, granularity=Granularity(0, 9), scales=np.ones(6, np.float32))
    return replace(model, layers={**model.layers, "a.weight": grouped})


def without_scale(model: EncodedModel) -> EncodedModel:
    return replace(model, activations={name: each for name, each in model.activations.items() if name != "a"})


def with_sign(model: EncodedModel) -> EncodedModel:
    return replace(model, activations={**model.activations, "a": StoredTensor(get_format("dybit4", True), 1.0)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_bias, r"has no tensor a\.bias for .*layer a \(allowed: biases beside the weights"),
        (short_bias, r"tensor a\.bias is float32 of shape \(2,\) \(allowed: finite float32 of shape \(3,\)"),
        (in_groups, r"layer a: weights with scales per 9 of a channel of axis 0 \(allowed: a scale for each output"),
        (without_scale, r"has no scale for the activations 'a' \(allowed: a scale for every tensor stored"),
        (with_sign, r"activations 'a' are dybit4, signed \(allowed: dybit4, unsigned, as the workload has them\)"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, change: Callable[[EncodedModel], EncodedModel], message: str) -> None:
    path = written(tmp_path, change)
    with pytest.raises(InputError, match=message) as caught:
        functional_result(TEXT, path)
    assert str(caught.value).startswith(path)


def test_scales_are_found_on_the_input_where_a_file_has_none(tmp_path: Path) -> None:
    path = written(tmp_path, lambda model: replace(model, activations={}))
    _, result = functional_result(TEXT, path)
    assert result.functional is not None
    assert result.functional.scales == "of least error on the input"
    assert result.functional.equals_reference


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        (TEXT, ["cores=2"], r"--functional: 2 images at once \(allowed: one: cores_per_image equal to cores\)"),
        (TEXT, ["vector.parameter_bytes_per_channel=4"], r"parameter_bytes_per_channel: 4 \(allowed: 8 bytes or more"),
        (
            TEXT.replace("[bias, relu]", "[relu, batch_norm]"),
            [],
            r"layer a: batch_norm where it stands \(allowed: add,",
        ),
    ],
)
def test_machines_and_networks_that_are_refused(text: str, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        functional_result(text, "w4a4", *overrides)


@pytest.mark.parametrize("weights", ["mxfp4", "fp16", "fp32"])
def test_formats_that_are_refused(tmp_path: Path, weights: str) -> None:
    allocation = tmp_path / "formats.yaml"
    allocation.write_text(
        f"a: {{weights: {weights}, activations: dybit4}}\nfc: {{weights: dybit4, activations: dybit4}}\n"
    )
    with pytest.raises(InputError, match=f"--functional: the weights of a: {weights} .allowed: formats of at most 8"):
        functional_result(TEXT, str(allocation))


def test_sums_that_float64_could_not_hold_are_refused(tmp_path: Path) -> None:
    """fp8_e5m2 has 57344 in units of 2^-16: 2^31.8, and its square is beyond 2^53."""
    allocation = tmp_path / "wide.yaml"
    formats = "{weights: fp8_e5m2, activations: fp8_e5m2}"
    allocation.write_text(f"a: {formats}\nfc: {formats}\n")
    with pytest.raises(InputError, match=r"--functional: layer a: 18 products of fp8_e5m2 by fp8_e5m2 reach"):
        functional_result(TEXT, str(allocation))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 4, 4)), r"input x\.npy: shape \(3, 4, 4\) \(allowed: \(2, 4, 4\), or \(images, 2, 4, 4\)\)"),
        (np.full((2, 4, 4), np.nan), "32 numbers that are NaN or beyond float32"),
        (np.zeros((2, 4, 4), bool), "array of bool"),
        (np.zeros((0, 2, 4, 4)), r"shape \(0, 2, 4, 4\)"),
    ],
)
def test_inputs_that_are_refused(images: np.ndarray, message: str) -> None:
    workload, machine = parse_workload(TEXT), load_hardware("zcu102")
    with pytest.raises(InputError, match=message):
        FunctionalRun(workload, machine, resolve_precision(workload, "w4a4"), images=images, input_label="x.npy")


def test_files_that_hold_no_images(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    for each in (path, tmp_path / "missing.npy", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load_images(each)
