"""One format for each tensor: the rules of `accelsim.workload.precision` on networks small enough to check by hand."""

from __future__ import annotations

import pytest

from accelsim.errors import InputError
from accelsim.workload.formats import Precision, is_bits_label, parse_bits
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, signed_tensors, uniform_precision
from quant import format_names, get_format


def workload(*layers: str, pins: str = "", shape: str = "[4, 6, 6]") -> Workload:
    head = ["name: net", f"input: {{name: x, shape: {shape}}}", f"pins: {{{pins}}}", "layers:"]
    return parse_workload("\n".join([*head, *(f"- {{{layer}}}" for layer in layers)]), "net.yaml")


def conv(name: str, reads: str, post: str = "") -> str:
    return f"name: {name}, kind: conv2d, input: {reads}, out_channels: 4, kernel: 1, post: [{post}]"


def tensors(precision: Precision) -> dict[str, str]:
    return {name: found.name for name, found in precision.tensors.items()}


def weights(precision: Precision) -> dict[str, str]:
    return {name: found.name for name, found in precision.weights.items()}


CHAIN = (conv("first", "x", "relu"), conv("middle", "first", "relu"), conv("last", "middle"))


def test_one_precision_for_all() -> None:
    precision = resolve_precision(workload(*CHAIN), "w2a6")
    assert precision.label == "w2a6"
    assert weights(precision) == dict.fromkeys(("first", "middle", "last"), "dybit2")
    assert tensors(precision) == {"x": "dybit6", "first": "dybit6", "middle": "dybit6", "last": "fp32"}


def test_formats_carry_width_sign_and_need_of_a_decoder() -> None:
    precision = resolve_precision(workload(*CHAIN), "w4a4")
    weight, signed, unsigned = precision.weights["first"], precision.tensors["x"], precision.tensors["first"]
    assert (weight.bits, weight.signed, weight.decoded) == (4, True, True)
    assert (signed.bits, signed.signed, signed.decoded) == (4, True, True)
    assert (unsigned.bits, unsigned.signed, unsigned.decoded) == (4, False, True)
    result = precision.tensors["last"]
    assert (result.bits, result.signed, result.decoded) == (32, True, False)


def test_pins_hold_for_weights_and_for_the_tensor_that_the_layer_reads() -> None:
    net = workload(*CHAIN, pins="first: w8a8, last: w8a6")
    precision = resolve_precision(net)
    assert weights(precision) == {"first": "dybit8", "middle": "dybit4", "last": "dybit8"}
    assert tensors(precision) == {"x": "dybit8", "first": "dybit4", "middle": "dybit6", "last": "fp32"}
    assert precision.label == "w4a4 (w8a8: first; w8a6: last)"


PAIR = (conv("a", "x", "relu"), conv("b", "x"), "name: pair, kind: concat, input: a, others: [b]")


def test_a_concatenation_and_its_parts_have_one_format() -> None:
    net = workload(*PAIR, conv("c", "pair"), pins="c: w8a6")
    found = resolve_precision(net, "w4a4").tensors
    assert {name: found[name].name for name in ("a", "b", "pair")} == dict.fromkeys(("a", "b", "pair"), "dybit6")
    assert [found[name].signed for name in ("a", "b", "pair")] == [True, True, True]  # as b is


def test_who_reads_only_a_part_has_a_say_in_the_whole() -> None:
    net = workload(*PAIR, conv("c", "a"), "name: d, kind: pool, mode: max, input: pair, kernel: 2, stride: 2")
    assert tensors(resolve_precision(net, "w4a4"))["pair"] == "dybit4"
    with pytest.raises(InputError, match=r"two readers of tensor 'pair' want different formats: 'c' .* 'e'"):
        resolve_precision(workload(*PAIR, conv("c", "a"), conv("e", "pair"), pins="e: w4a8"), "w4a4")


def test_a_concatenation_that_nobody_reads_is_a_result() -> None:
    assert tensors(resolve_precision(workload(*PAIR), "w4a4")) == {"x": "dybit4"} | dict.fromkeys(
        ("a", "b", "pair"), "fp32"
    )


def test_pins_can_be_lifted() -> None:
    net = workload(*CHAIN, pins="first: w8a8, last: w8a6")
    lifted = resolve_precision(net, use_pins=False)
    assert set(weights(lifted).values()) == {"dybit4"}
    assert lifted.label == "w4a4"


def test_readers_that_disagree_are_named() -> None:
    net = workload(conv("stem", "x"), conv("left", "stem"), conv("right", "stem"), pins="right: w4a8")
    with pytest.raises(InputError) as caught:
        resolve_precision(net, "w4a4")
    assert caught.value.where == "net.yaml:7"
    assert "tensor 'stem'" in caught.value.found
    assert "'left' reads dybit4, 'right' reads dybit8" in caught.value.found
    assert tensors(resolve_precision(net, "w4a8"))["stem"] == "dybit8"  # another default agrees with the pin


def test_residual_operand_that_an_array_layer_reads_has_that_layers_format() -> None:
    """`stem` is read by `body` at 4 bits and added to `tail`, whose reader is pinned to 8: the array decides."""
    net = workload(
        conv("stem", "x"),
        conv("body", "stem"),
        conv("tail", "body", "{add: stem}"),
        conv("fc", "tail"),
        pins="fc: w8a8",
    )
    assert tensors(resolve_precision(net)) == {
        "x": "dybit4",
        "stem": "dybit4",
        "body": "dybit4",
        "tail": "dybit8",
        "fc": "fp32",
    }


def test_tensor_of_the_vector_unit_only_has_the_format_of_what_it_is_combined_into() -> None:
    """A projection shortcut is only added, to `tail`, which `fc` reads at 8 bits."""
    net = workload(
        conv("stem", "x"), conv("shortcut", "stem"), conv("tail", "stem", "{add: shortcut}"), conv("fc", "tail"),
        pins="fc: w8a8",
    )  # fmt: skip
    assert tensors(resolve_precision(net))["shortcut"] == "dybit8"


def test_tensor_with_several_vector_readers_has_the_widest_of_their_formats() -> None:
    """`stem` is only added: into `narrow` (read at 4 bits) and into `wide` (read at 8)."""
    net = workload(
        conv("stem", "x"),
        conv("narrow", "x", "{add: stem}"),
        conv("wide", "narrow", "{add: stem}"),
        conv("fc", "wide"),
        pins="fc: w8a8",
    )
    found = tensors(resolve_precision(net))
    assert (found["narrow"], found["wide"], found["stem"]) == ("dybit4", "dybit8", "dybit8")


def test_formats_pass_through_vector_layers() -> None:
    """A pool between two convolutions works on what the second one reads; a result that nobody reads is fp32."""
    net = workload(
        conv("a", "x"),
        "name: p, kind: pool, mode: avg, input: a, kernel: 2, stride: 2",
        conv("b", "p"),
        "name: s, kind: softmax, input: b",
        pins="b: w4a6",
    )
    found = tensors(resolve_precision(net))
    assert found == {"x": "dybit4", "a": "dybit6", "p": "dybit6", "b": "fp32", "s": "fp32"}


ATTENTION = (
    *(f"name: {name}, kind: linear, input: x, out_channels: 6" for name in "qkv"),
    "name: scores, kind: matmul, input: q, other: k, heads: 2, transpose_other: true",
    "name: softmax, kind: softmax, input: scores, heads: 2",
    "name: context, kind: matmul, input: softmax, other: v, heads: 2",
    "name: out, kind: linear, input: context, out_channels: 6",
)


def test_matmul_streams_activations_and_holds_the_other_operand_at_the_width_of_weights() -> None:
    precision = resolve_precision(workload(*ATTENTION, shape="[6, 5, 1]"), "w2a8")
    assert set(precision.weights) == {"q", "k", "v", "out"}
    found = tensors(precision)
    assert (found["q"], found["k"]) == ("dybit8", "dybit2")
    assert (found["softmax"], found["v"]) == ("dybit8", "dybit2")
    assert found["scores"] == "dybit8"  # only the softmax reads it
    assert not precision.tensors["softmax"].signed


def test_tensor_that_is_both_operands_of_a_matmul_needs_equal_widths() -> None:
    net = workload("name: gram, kind: matmul, input: x, other: x, transpose_other: true", shape="[6, 5, 1]")
    with pytest.raises(InputError, match="'gram' reads dybit8, 'gram' reads dybit4"):
        resolve_precision(net, "w4a8")
    assert tensors(resolve_precision(net, "w4a4"))["x"] == "dybit4"


@pytest.mark.parametrize(
    ("post", "signed"),
    [
        ("", True),
        ("bias", True),
        ("batch_norm, relu", False),
        ("relu6", False),
        ("gelu", True),
        ("relu, batch_norm", True),
        ("{add: positive}", True),
        ("relu, {add: positive}", False),
        ("relu, {add: x}", True),
        ("{add: x}, relu", False),
        ("relu, {max_pool: {kernel: 2, stride: 2}}, global_avg_pool", False),
        ("global_avg_pool", True),
    ],
)
def test_sign_follows_from_the_order_of_post_operations(post: str, signed: bool) -> None:
    net = workload(conv("positive", "x", "relu"), conv("y", "x", post))
    assert signed_tensors(net) == {"x": True, "positive": False, "y": signed}


def test_sign_through_vector_layers() -> None:
    net = workload(
        conv("positive", "x", "relu"),
        "name: pooled, kind: pool, mode: max, input: positive, kernel: 2, stride: 2",
        "name: sum, kind: add, input: positive, other: x",
        "name: norm, kind: layer_norm, input: positive",
        "name: share, kind: softmax, input: x",
    )
    found = signed_tensors(net)
    assert found == {"x": True, "positive": False, "pooled": False, "sum": True, "norm": True, "share": False}


@pytest.mark.parametrize("name", ["fp32", "int8", "bf16", "dybit4"])
def test_uniform_precision_of_a_baseline(name: str) -> None:
    precision = uniform_precision(workload(*CHAIN, pins="first: w8a8"), name)
    assert precision.label == name
    assert set(weights(precision).values()) == {name}
    assert tensors(precision) == {"x": name, "first": name, "middle": name, "last": "fp32"}


@pytest.mark.parametrize("name", format_names())
def test_every_format_can_be_allocated(name: str) -> None:
    precision = uniform_precision(workload(*CHAIN), name)
    for found, signed in ((precision.weights["middle"], True), (precision.tensors["first"], False)):
        number_format = get_format(name, signed)
        assert (found.name, found.bits, found.signed) == (name, number_format.bits, number_format.signed)
        assert found.decoded == number_format.needs_decoder


def test_baselines_need_no_decoder() -> None:
    for name, bits in (("fp32", 32), ("int8", 8)):
        found = uniform_precision(workload(*CHAIN), name).weights["first"]
        assert (found.bits, found.decoded) == (bits, False)


def test_uniform_precision_of_an_unknown_format() -> None:
    with pytest.raises(InputError) as caught:
        uniform_precision(workload(*CHAIN), "dibit4")
    assert caught.value.nearest == "dybit4"


def test_bits_label() -> None:
    assert parse_bits("w4a8") == (4, 8)
    assert is_bits_label("w12a4")
    assert not is_bits_label("mix.yaml")


@pytest.mark.parametrize("bits", ["w1a4", "w4a9", "w0a0", "w16a16", "w999a4"])
def test_widths_outside_the_formats(bits: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_precision(workload(*CHAIN), bits)
    assert caught.value.where == "--bits"
    assert bits in caught.value.found
    assert "2..8" in caught.value.allowed


def test_neither_a_precision_nor_a_file() -> None:
    with pytest.raises(InputError, match="found 'w4'"):
        resolve_precision(workload(*CHAIN), "w4")
