"""The numbers of docs/functional.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from accelsim.functional.array import tile_sums
from accelsim.workload.layers import Layer, PostOp
from accelsim.workload.loader import parse_workload
from quant import get_format
from quant.encoded import StoredTensor
from quant.reference import LayerValues, NetworkValues, run_reference
from quant.reference.sums import fixed_point


@pytest.mark.parametrize(
    ("name", "signed", "fraction_bits", "largest"),
    [
        ("dybit8", True, 6, 2**12),
        ("dybit8", False, 7, 2**14),
        ("int8", True, 0, 128),
        ("fp8_e4m3", True, 9, 448 * 2**9),
        ("dybit4", True, 2, 2**4),
        ("dybit4", False, 3, 2**6),
        ("int4", True, 0, 8),
        ("fp4_e2m1", True, 1, 12),
    ],
)
def test_units_and_largest_integers(name: str, signed: bool, fraction_bits: int, largest: int) -> None:
    found = fixed_point(get_format(name, signed))
    assert (found.fraction_bits, found.largest) == (fraction_bits, largest)
    assert np.array_equal(found.integers, np.round(found.integers))


def test_the_reductions_that_always_fit_32_bits() -> None:
    most = 2**31 - 1
    eight = fixed_point(get_format("dybit8", True)).largest * fixed_point(get_format("dybit8", False)).largest
    four = fixed_point(get_format("dybit4", True)).largest * fixed_point(get_format("dybit4", False)).largest
    assert (eight, most // eight) == (2**26, 31)
    assert (four, most // four) == (2**10, 2_097_151)


@dataclass(frozen=True)
class Network:
    """A network for the reference: one layer, and an input that need not be signed."""

    input_name: str
    layers: tuple[Layer, ...]


def test_the_example() -> None:
    text = "{name: a, kind: conv2d, input: image, out_channels: 1, kernel: 1, post: [bias]}"
    layer = parse_workload(f"{{name: n, input: {{shape: [2, 1, 1]}}, layers: [{text}]}}").layers[0]
    assert layer.post == (PostOp("bias"),)
    unsigned, signed = get_format("dybit4", False), get_format("dybit4", True)
    pixel = np.array([5, 12], np.uint8)
    codes = np.array([3, 14], np.uint8)
    assert fixed_point(unsigned).integers[pixel].tolist() == [5, 16]
    assert fixed_point(signed).integers[codes].tolist() == [3, -8]
    weights = fixed_point(signed).integers[codes].reshape(1, 1, 1, 1, 1, 2)
    assert tile_sums(layer, weights, fixed_point(unsigned).integers[pixel].reshape(1, 1, 2, 1, 1)).item() == -113
    trained = LayerValues(signed, codes.reshape(1, 2, 1, 1), np.array([0.25], np.float32), np.array([0.5], np.float32))
    image = np.array([0.625, 2], np.float32).reshape(1, 2, 1, 1) * np.float32(0.5)
    for output, expected in ((get_format("fp32"), np.float32(0.05859375).view(np.uint32)), (unsigned, 4)):
        scale = 1.0 if output.bits == 32 else 0.125
        tensors = {"image": StoredTensor(unsigned, 0.5), "a": StoredTensor(output, scale)}
        found = run_reference(Network("image", (layer,)), NetworkValues({"a": trained}, tensors), image)
        assert found["image"].reshape(-1).tolist() == [5, 12]
        assert found["a"].item() == expected
