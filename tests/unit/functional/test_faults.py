"""Flipped bits: which, where, how many, and that none passes unnoticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.functional.run import FunctionalRun
from accelsim.mapping.memory_map import memory_map
from accelsim.result import FaultResult, Result
from accelsim.simulation import simulate
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from quant.encoded import EncodedLayer, EncodedModel, StoredTensor, save_encoded
from quant.formats import get_format
from quant.granularity import Granularity
from quant.packing import pack_codes
from tests.unit.functional.networks import CONVOLUTIONAL, encoded_file, functional, functional_result

#: One product: a pixel 2.0 times a weight 0.75 (code 3 of signed dybit4), scales 1, bias 0, in fp32.
ONE_PRODUCT = """
name: one
input: {name: image, shape: [1, 1, 1]}
layers: [{name: a, kind: conv2d, input: image, out_channels: 1, kernel: 1, post: [bias]}]
"""

#: Nothing is cut off or rounded away: signed tensors, the result in fp32, no padding between rows or codes.
OPEN = """
name: open
input: {name: image, shape: [4, 4, 4]}
layers: [{name: a, kind: conv2d, input: image, out_channels: 4, kernel: 2, post: [bias]}]
"""

#: The same with a second layer, whose input stays on chip.
ON_CHIP = """
name: open
input: {name: image, shape: [4, 4, 4]}
layers:
  - {name: a, kind: conv2d, input: image, out_channels: 4, kernel: 2, post: [bias]}
  - {name: b, kind: conv2d, input: a, out_channels: 4, kernel: 1, post: [bias]}
"""


@pytest.fixture
def one_product(tmp_path: Path) -> str:
    signed = get_format("dybit4")
    weight = EncodedLayer(
        pack_codes([3], 4), np.ones(1, np.float32), signed, (1, 1, 1, 1), Granularity(axis=0), "dybit4"
    )
    path = tmp_path / "one.safetensors"
    kept = {"a.bias": np.zeros(1, np.float32)}
    save_encoded(EncodedModel({"a.weight": weight}, kept, {"input": StoredTensor(signed, 1.0)}), path)
    return str(path)


def run_one(path: str, *faults: str) -> tuple[float, FaultResult]:
    """The product of an image 2.0 (code 6) by the weight, and what the faults did."""
    workload, machine = parse_workload(ONE_PRODUCT), load_hardware("zcu102")
    precision = resolve_precision(workload, path)
    image = np.full((1, 1, 1), 2.0)
    run = FunctionalRun(workload, machine, precision, images=image, encoded=Path(path), faults=faults)
    found = simulate(workload, machine, precision, baseline="none", functional=run).functional
    assert found is not None
    assert found.faults is not None
    return run.output.item(), found.faults


@pytest.mark.parametrize(
    ("fault", "product"),
    [
        ("decoder:cycle=0,operand=weights,bit=0", 2 * 0.5),  # code 2
        ("decoder:cycle=0,operand=weights,bit=2", 2 * 4.0),  # code 7
        ("decoder:cycle=0,operand=weights,bit=3", 2 * -0.75),  # the sign
        ("decoder:cycle=0,operand=inputs,bit=2", 0.5 * 0.75),  # code 2 for code 6
        ("buffer:cycle=0,operand=inputs,bit=0", 4.0 * 0.75),  # code 7, in the low half of the byte
        ("dram:cycle=0,address=0,bit=1", 2 * 0.25),  # code 1
    ],
)
def test_what_one_flip_does_to_one_product(one_product: str, fault: str, product: float) -> None:
    found, faults = run_one(one_product, fault)
    assert found == product
    assert (faults.flip_count, faults.changed_numbers, faults.changed_top1) == (1, 1, 0)
    assert faults.relative_error == pytest.approx(abs(product - 1.5) / 1.5)
    assert faults.flips[0].before ^ faults.flips[0].after == 1 << faults.flips[0].bit


def test_no_flips_at_rate_0_and_all_at_rate_1(one_product: str) -> None:
    """At rate 1 each of the weight's four bits flips: code 12, -0.0 (sign bit, magnitude 4: 1.0), -1."""
    assert run_one(one_product, "decoder:rate=0") == (1.5, run_one(one_product, "decoder:rate=0")[1])
    found, faults = run_one(one_product, "decoder:rate=1,operand=weights")
    assert (found, faults.flip_count) == (2 * -1.0, 4)


def test_the_number_of_flips_is_that_of_the_rate_and_the_same_for_a_seed() -> None:
    """2 % of the bits of the weights as decoded, within 5 standard deviations."""
    first, result = functional_result(CONVOLUTIONAL, "w4a4", faults=("decoder:rate=0.02,operand=weights",))
    again = functional(CONVOLUTIONAL, "w4a4", faults=("decoder:rate=0.02,operand=weights",))
    assert np.array_equal(first.output, again.output)
    bits = 4 * sum(layer.macs and layer.weight_bytes * 2 for layer in result.layers)
    count = faults_of(result).flip_count
    assert abs(count - 0.02 * bits) < 5 * (0.02 * bits) ** 0.5


def test_every_flipped_byte_of_the_image_is_noticed(tmp_path: Path) -> None:
    """Of weights, biases, factors, scales and input: all bits of one byte, for each byte that the run reads."""
    path = str(encoded_file(tmp_path, OPEN, "w4a4"))
    weights, parameters, scales = 4 * 4 * 4 // 2, 4 * 8, 4 * 4
    parameter_addresses = range(weights + parameters + scales)
    image = range(64 * 1024, 64 * 1024 + 4 * 4 * 4 // 2)
    unnoticed = []
    for address in [*parameter_addresses, *image]:
        bits = tuple(f"dram:cycle=0,bit={bit},address={address}" for bit in range(8))
        _, result = functional_result(OPEN, path, faults=bits)
        if faults_of(result).changed_numbers == 0:
            unnoticed.append(address)
    assert unnoticed == []


def test_every_flipped_byte_of_a_tensor_between_layers_is_noticed(tmp_path: Path) -> None:
    """Stored in DRAM, flipped there, and read back."""
    path, in_dram = str(encoded_file(tmp_path, ON_CHIP, "w4a4")), "buffers.activation_residency=false"
    workload, machine = parse_workload(ON_CHIP), load_hardware("zcu102", [in_dram])
    layout = memory_map(workload, machine, resolve_precision(workload, path)).layouts["a"]
    _, timed = functional_result(ON_CHIP, path, in_dram)
    _, result = functional_result(ON_CHIP, path, in_dram, faults=(f"dram:cycle={timed.layers[0].end_cycle}",))
    stored = faults_of(result).flips[0].cycle + 1  # the next transaction was the store, which the flip preceded
    for address in range(layout.address, layout.address + 3 * 6):
        bits = tuple(f"dram:cycle={stored},bit={bit},address={address}" for bit in range(8))
        _, result = functional_result(ON_CHIP, path, in_dram, faults=bits)
        assert faults_of(result).changed_numbers > 0, address


@pytest.mark.parametrize("operand", ["weights", "inputs"])
def test_every_flipped_byte_in_a_buffer_is_noticed(tmp_path: Path, operand: str) -> None:
    """With one seed the eight faults strike the eight bits of one byte."""
    path = str(encoded_file(tmp_path, OPEN, "w4a4"))
    for seed in range(40):
        bits = tuple(f"buffer:cycle=0,bit={bit},operand={operand},seed={seed}" for bit in range(8))
        _, result = functional_result(OPEN, path, faults=bits)
        assert faults_of(result).changed_numbers > 0, seed


def test_every_flipped_byte_of_a_tensor_that_stays_on_chip_is_noticed(tmp_path: Path) -> None:
    """The next tile of inputs after the image is what the first layer leaves in the input buffer: 3 rows of 6 bytes,
    4 channels of three 4-bit codes each.
    """
    path = str(encoded_file(tmp_path, ON_CHIP, "w4a4"))
    _, result = functional_result(ON_CHIP, path, faults=("buffer:cycle=0,operand=inputs",))
    behind_the_image = faults_of(result).flips[0].cycle + 1
    sound = functional(ON_CHIP, path)
    struck = set()
    for seed in range(80):
        bits = tuple(f"buffer:cycle={behind_the_image},bit={bit},operand=inputs,seed={seed}" for bit in range(8))
        run, result = functional_result(ON_CHIP, path, faults=bits)
        assert np.count_nonzero(run.tensor("a") != sound.tensor("a")) == 2, seed
        assert not np.array_equal(run.output, sound.output), seed
        (where,) = {flip.where for flip in faults_of(result).flips}
        struck.add(where)
    assert struck == {f"byte {byte:#x} of a, which stays on chip" for byte in range(3 * 6)}


def test_every_bit_that_comes_into_a_buffer_flips_once_at_rate_1(tmp_path: Path) -> None:
    """The image of 32 bytes, and the tensor of 18 that stays on chip."""
    path = str(encoded_file(tmp_path, ON_CHIP, "w4a4"))
    _, result = functional_result(ON_CHIP, path, faults=("buffer:rate=1,operand=inputs",))
    assert faults_of(result).flip_count == 8 * (4 * 4 * 4 // 2 + 3 * 6)


def test_a_flip_names_its_byte_and_image(tmp_path: Path) -> None:
    path = str(encoded_file(tmp_path, OPEN, "w4a4"))
    _, result = functional_result(OPEN, path, images=3, faults=("dram:cycle=0,bit=0,address=0x10001",))
    (flip,) = faults_of(result).flips
    assert flip.where in {f"byte 0x10001, image {image}" for image in range(3)}
    _, result = functional_result(OPEN, path, images=3, faults=("dram:cycle=0,bit=0,address=0x1",))
    assert faults_of(result).flips[0].where == "byte 0x1"


def test_an_address_outside_the_memory_is_refused() -> None:
    with pytest.raises(InputError, match=r"address 0x40000000"):
        functional(OPEN, "w4a4", faults=("dram:cycle=0,address=0x40000000",))


def faults_of(result: Result) -> FaultResult:
    assert result.functional is not None
    assert result.functional.faults is not None
    return result.functional.faults
