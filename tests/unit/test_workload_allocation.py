"""Bit-allocation files: what they say is what runs, and what is wrong with them is said with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision


def workload(*layers: str, pins: str = "") -> Workload:
    head = ["name: net", "input: {name: x, shape: [4, 6, 6]}", f"pins: {{{pins}}}", "layers:"]
    return parse_workload("\n".join([*head, *(f"- {{{layer}}}" for layer in layers)]), "net.yaml")


def conv(name: str, reads: str) -> str:
    return f"name: {name}, kind: conv2d, input: {reads}, out_channels: 4, kernel: 1"


CHAIN = (conv("first", "x"), conv("middle", "first"), conv("last", "middle"))

ALLOCATION = """\
first: {weights: dybit8, activations: dybit8}
middle: {weights: int4, activations: dybit3}
last:
  weights: dybit8
  activations: int8
"""


@pytest.fixture
def allocation(tmp_path: Path) -> Path:
    path = tmp_path / "mix.yaml"
    path.write_text(ALLOCATION, encoding="utf-8")
    return path


def test_allocation_file_speaks_for_every_layer(allocation: Path) -> None:
    precision = resolve_precision(workload(*CHAIN, pins="first: w2a2"), str(allocation))
    assert precision.label == "mix"
    weights = {name: found.name for name, found in precision.weights.items()}
    tensors = {name: found.name for name, found in precision.tensors.items()}
    assert weights == {"first": "dybit8", "middle": "int4", "last": "dybit8"}
    assert tensors == {"x": "dybit8", "first": "dybit3", "middle": "int8", "last": "fp32"}


@pytest.mark.parametrize(
    ("old", "new", "line", "nearest"),
    [
        ("dybit3", "dibit3", 2, "dybit3"),
        ("dybit3", "dybit9", 2, "dybit8"),
        ("int8", "int16", 5, "int6"),
        ("middle", "midle", 2, "middle"),
        ("activations: dybit3", "activation: dybit3", 2, "activations"),
        ("{weights: int4, activations: dybit3}", "{weights: int4}", 2, None),
        ("dybit3", "3", 2, None),
    ],
)
def test_wrong_allocations(allocation: Path, old: str, new: str, line: int, nearest: str | None) -> None:
    allocation.write_text(ALLOCATION.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        resolve_precision(workload(*CHAIN), str(allocation))
    assert (caught.value.where, caught.value.nearest) == (f"{allocation}:{line}", nearest)
    assert caught.value.allowed


def test_format_of_a_width_outside_2_to_8_says_which_widths_there_are(allocation: Path) -> None:
    allocation.write_text(ALLOCATION.replace("dybit3", "dybit9"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        resolve_precision(workload(*CHAIN), str(allocation))
    assert "dybit9" in caught.value.found
    assert caught.value.allowed == "dybit2 to dybit8"


def test_layers_missing_from_an_allocation_are_listed(allocation: Path) -> None:
    allocation.write_text("first: {weights: dybit8, activations: dybit8}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        resolve_precision(workload(*CHAIN), str(allocation))
    assert caught.value.where == str(allocation)
    assert "middle, last" in caught.value.found


def test_layers_of_the_vector_unit_have_no_place_in_an_allocation(allocation: Path) -> None:
    net = workload(*CHAIN, "name: share, kind: softmax, input: last")
    allocation.write_text(ALLOCATION + "share: {weights: int8, activations: int8}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        resolve_precision(net, str(allocation))
    assert caught.value.where == f"{allocation}:6"


def test_readers_that_disagree_in_an_allocation(allocation: Path) -> None:
    net = workload(conv("first", "x"), conv("middle", "first"), conv("last", "first"))
    with pytest.raises(InputError) as caught:
        resolve_precision(net, str(allocation))
    assert caught.value.where == f"{allocation}:3"
    assert "'middle' reads dybit3, 'last' reads int8" in caught.value.found


@pytest.mark.parametrize("content", ["", "[1, 2]", "first: dybit8", "\x00", "first: {weights"])
def test_what_is_not_an_allocation(allocation: Path, content: str) -> None:
    allocation.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"mix\.yaml"):
        resolve_precision(workload(*CHAIN), str(allocation))


def test_missing_allocation_suggests_the_nearest_file(allocation: Path) -> None:
    with pytest.raises(InputError) as caught:
        resolve_precision(workload(*CHAIN), str(allocation.with_name("mixx.yaml")))
    assert caught.value.nearest == str(allocation)
