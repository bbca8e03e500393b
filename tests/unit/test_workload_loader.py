"""Wrong workload files: one message that names file and line, what was found, what is allowed, the nearest name."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.errors import InputError
from accelsim.workload.loader import load_workload, parse_workload

NET = """\
name: net
hardware: zcu102
bits: w4a4
pins: {stem: w8a8}
input: {name: image, shape: [3, 8, 8]}
layers:
- {name: stem, kind: conv2d, input: image, out_channels: 4, kernel: 3, padding: 1, post: [batch_norm, relu]}
- {name: body, kind: conv2d, input: stem, in_shape: [4, 8, 8], out_channels: 4, kernel: 3, padding: 1, post: [{add: stem}, relu]}
- {name: down, kind: conv2d, input: body, out_channels: 4, kernel: 1, stride: 2, post: [{max_pool: {kernel: 2, stride: 2}}]}
- {name: fc, kind: linear, input: down, out_channels: 10, view: flatten, out_shape: [10, 1, 1]}
"""  # noqa: E501 (a layer is one line)
STEM, BODY, DOWN, FC = 7, 8, 9, 10


def error_of(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_workload(text, "net.yaml")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return caught.value


def edited(old: str, new: str) -> str:
    assert NET.count(old) >= 1
    return NET.replace(old, new, 1)


def test_the_example_is_valid() -> None:
    workload = parse_workload(NET, "net.yaml")
    assert [layer.name for layer in workload.layers] == ["stem", "body", "down", "fc"]
    assert [layer.where for layer in workload.layers] == [f"net.yaml:{line}" for line in (STEM, BODY, DOWN, FC)]


def test_defaults() -> None:
    layers = "layers: [{name: l, kind: linear, input: image, out_channels: 1}]"
    workload = parse_workload(f"name: n\ninput: {{shape: [1, 1, 1]}}\n{layers}\n")
    assert (workload.hardware, workload.bits, workload.pins, workload.input_name) == ("zcu102", "w4a4", {}, "image")


@pytest.mark.parametrize(
    ("old", "new", "line", "nearest"),
    [
        ("hardware:", "hardwear:", 2, "hardware"),
        ("padding: 1", "pading: 1", STEM, "padding"),
        ("view: flatten", "veiw: flatten", FC, "view"),
        ("view: flatten", "view: flaten", FC, "flatten"),
        ("kind: linear", "kind: liner", FC, "linear"),
        ("relu]}", "rellu]}", STEM, "relu"),
        ("{add: stem}", "{ad: stem}", BODY, "add"),
        ("kernel: 2, stride: 2", "kernel: 2, strides: 2", DOWN, "stride"),
        ("input: body", "input: boddy", DOWN, "body"),
        ("{add: stem}", "{add: sten}", BODY, "stem"),
        ("pins: {stem", "pins: {stam", 4, "stem"),
    ],
)
def test_mistyped_names_suggest_the_right_one(old: str, new: str, line: int, nearest: str) -> None:
    error = error_of(edited(old, new))
    assert (error.where, error.nearest) == (f"net.yaml:{line}", nearest)


@pytest.mark.parametrize(
    ("old", "new", "line", "found", "allowed"),
    [
        ("kernel: 3", "kernel: three", STEM, "'three'", "an integer > 0"),
        ("kernel: 3", "kernel: 0", STEM, "found 0", "an integer > 0"),
        ("kernel: 3", "kernel: -3", STEM, "found -3", "an integer > 0"),
        ("kernel: 3", "kernel: 3.0", STEM, "found 3.0", "an integer > 0"),
        ("kernel: 3", "kernel: true", STEM, "found true", "an integer > 0"),
        ("padding: 1", "padding: -1", STEM, "found -1", "an integer >= 0"),
        ("out_channels: 10", "out_channels: 0", FC, "found 0", "an integer > 0"),
        ("[3, 8, 8]", "[3, 8, 0]", 5, "found 0", "an integer > 0"),
        ("out_channels: 10, ", "", FC, "'out_channels' is missing", "an integer > 0"),
        ("kind: linear, ", "", FC, "kind: is missing", "conv2d, linear"),
        (", stride: 2}}", "}}", DOWN, "'stride' is missing", "an integer > 0"),
        ("{add: stem}", "{add: stem, max_pool: {kernel: 2, stride: 2}}", BODY, "max_pool", "one of add"),
        ("[{add: stem}, relu]", "relu", BODY, "'relu'", "a list"),
        ("name: stem", "name: 'the stem'", STEM, "'the stem'", "without spaces"),
        ("name: stem", "name: ''", STEM, "''", "1 to 100"),
        ("{add: stem}", '{add: "a\\nb"}', BODY, "'a\\nb'", "printable"),
        ("bits: w4a4", "bits: w9a4", 3, "'w9a4'", "2..8"),
        ("bits: w4a4", "bits: 4", 3, "found 4", "text"),
        ("w8a8", "w8a1", 4, "'w8a1'", "2..8"),
        ("w8a8", "dybit8", 4, "'dybit8'", "w4a8"),
    ],
)
def test_wrong_values(old: str, new: str, line: int, found: str, allowed: str) -> None:
    error = error_of(edited(old, new))
    assert error.where == f"net.yaml:{line}"
    assert found in error.found
    assert allowed in error.allowed


def test_duplicate_layer_name_names_both_lines() -> None:
    error = error_of(edited("name: down", "name: stem"))
    assert error.where == f"net.yaml:{DOWN}"
    assert f"'stem', first at net.yaml:{STEM}" in error.found


def test_a_layer_cannot_have_the_name_of_the_input() -> None:
    error = error_of(edited("name: down", "name: image"))
    assert (error.where, "first at net.yaml:5" in error.found) == (f"net.yaml:{DOWN}", True)


def test_stated_shape_that_does_not_connect_names_both_ends() -> None:
    error = error_of(edited("in_shape: [4, 8, 8]", "in_shape: [64, 8, 8]"))
    assert error.where == f"net.yaml:{BODY}"
    assert "'body' states in_shape [64, 8, 8]" in error.found
    assert f"'stem' [4, 8, 8] (net.yaml:{STEM})" in error.found


def test_stated_output_shape_is_checked() -> None:
    error = error_of(edited("out_shape: [10, 1, 1]", "out_shape: [1000, 1, 1]"))
    assert error.where == f"net.yaml:{FC}"
    assert "states out_shape [1000, 1, 1] but makes [10, 1, 1]" in error.found


def test_residual_of_another_shape_names_both_ends() -> None:
    error = error_of(edited("{add: stem}", "{add: image}"))
    assert error.where == f"net.yaml:{BODY}"
    assert "add of 'image' [3, 8, 8] (net.yaml:5) to the result [4, 8, 8]" in error.found


def test_feature_map_into_a_linear_layer_needs_a_view() -> None:
    error = error_of(edited(", view: flatten", ""))
    assert error.where == f"net.yaml:{FC}"
    assert f"'down' [4, 2, 2] (net.yaml:{DOWN})" in error.found
    assert "flatten" in error.allowed


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("kernel: 3", "kernel: 11", STEM, "kernel 11 high over an input [3, 8, 8] padded by 1"),
        ("kernel: 3", "kernel: [3, 11]", STEM, "kernel 11 wide"),
        ("kernel: 3, padding: 1", "kernel: 3, padding: 3", STEM, "padding 3 for a kernel 3"),
        ("kernel: 3", "groups: 2, kernel: 3", STEM, "groups 2 does not divide the 3 channels of 'image'"),
        ("out_channels: 4, kernel: 1", "out_channels: 6, groups: 4, kernel: 1", DOWN, "the 6 out_channels"),
    ],
)
def test_layers_that_do_not_fit_their_input(old: str, new: str, line: int, found: str) -> None:
    error = error_of(edited(old, new))
    assert error.where == f"net.yaml:{line}"
    assert found in error.found
    assert error.allowed


def test_cycle_is_spelled_out() -> None:
    error = error_of(edited("input: stem, in_shape", "input: down, in_shape"))
    assert error.where == f"net.yaml:{BODY}"
    assert "cyclic graph: body -> down -> body" in error.found


def test_layer_that_reads_itself() -> None:
    error = error_of(edited("{add: stem}", "{add: body}"))
    assert "cyclic graph: body -> body" in error.found


ATTENTION = """\
name: net
input: {name: x, shape: [6, 5, 1]}
layers:
- {name: k, kind: linear, input: x, out_channels: 6}
- {name: s, kind: matmul, input: x, other: k, heads: 2, transpose_other: true}
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("heads: 2", "heads: 4", "heads 4 does not divide the channels of 'x' [6, 5, 1] (net.yaml:2)"),
        ("out_channels: 6", "out_channels: 8", "3 features per head meet 4 features per head"),
        (", transpose_other: true", "", "3 features per head meet 5 tokens"),
        ("[6, 5, 1]", "[6, 5, 2]", "reads 'x' [6, 5, 2]"),
    ],
)
def test_attention_that_does_not_fit(old: str, new: str, found: str) -> None:
    assert found in error_of(ATTENTION.replace(old, new)).found


def test_pin_of_a_layer_that_the_array_does_not_run() -> None:
    text = ATTENTION + "- {name: p, kind: softmax, input: s, heads: 2}\npins: {p: w8a8}\n"
    assert error_of(text).where == "net.yaml:7"


def test_missing_file_suggests_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "resnet50.yaml").write_text(NET, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_workload(tmp_path / "resnet5.yaml")
    assert caught.value.where == str(tmp_path / "resnet5.yaml")
    assert caught.value.nearest == str(tmp_path / "resnet50.yaml")


def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(
        '{"name": "n", "input": {"shape": [1, 1, 1]},\n'
        ' "layers": [{"name": "l", "kind": "linear", "input": "image", "out_channels": 2}]}',
        encoding="utf-8",
    )
    assert load_workload(path).macs == 2


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("name: [unclosed\nlayers: {", "net.yaml:2"),
        ("", "net.yaml"),
        ("- a\n- b\n", "net.yaml:1"),
        (NET.replace("- {name: stem", "- 7\n- {name: stem"), f"net.yaml:{STEM}"),
        ("name: net\ninput: {shape: [1, 1, 1]}\nlayers: []\n", "net.yaml:3"),
    ],
)
def test_what_is_not_a_workload(text: str, where: str) -> None:
    assert error_of(text).where == where


def test_alias_bomb_is_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert error_of(bomb).where.startswith("net.yaml:")


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "net.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"net\.yaml"):
        load_workload(path)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.integers(0, len(NET) - 1), st.sampled_from(["", " ", "0", "-", "{", "]", ":", "\n", "&x", "é", "\t"]))
def test_a_changed_character_gives_a_workload_or_an_input_error(at: int, with_: str) -> None:
    with contextlib.suppress(InputError):
        parse_workload(NET[:at] + with_ + NET[at + 1 :], "net.yaml")
