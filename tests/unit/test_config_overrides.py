"""`--set dotted.path=value` on the hardware model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from accelsim.config.hardware import Hardware
from accelsim.config.overrides import apply_overrides, valid_paths
from accelsim.config.source import parse_yaml, validate
from accelsim.errors import InputError

MACHINE = """\
name: m
clock_hz: 1
array: {rows: 2, cols: 2}
buffers: {weight_bytes: 1, input_bytes: 1, output_bytes: 1}
vector: {lanes: 1}
dram: {preset: ideal}
"""


def overridden(*overrides: str, text: str = MACHINE) -> Hardware:
    return validate(apply_overrides(parse_yaml(text, "m.yaml"), overrides, Hardware), Hardware)


def value_at(model: BaseModel, path: str) -> Any:
    value: Any = model
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("name=other", "other"),
        ("array.rows=64", 64),
        ("array.dataflow=os", "os"),
        ("array.operand_bits=[4, 8]", (4, 8)),
        ("array.shadow_registers=false", False),
        ("decoder.lanes=12", 12),
        ("decoder.lanes=null", None),
        ("decoder.lanes=~", None),
        ("interconnect.order=[weight, input, output]", ("weight", "input", "output")),
        ("interconnect.weights=[3,2,1]", (3, 2, 1)),
        ("clock_hz=300_000_000", 300_000_000),
        ("dma.outstanding=7", 7),
        (" array.cols = 5 ", 5),
    ],
)
def test_a_field_of_every_kind(override: str, value: object) -> None:
    changed = overridden(override)
    path = override.partition("=")[0].strip()
    assert value_at(changed, path) == value
    others = [other for other in valid_paths(Hardware) if other != path]
    assert [value_at(changed, other) for other in others] == [value_at(overridden(), other) for other in others]


def test_later_overrides_win_and_whole_sections_can_be_set() -> None:
    changed = overridden("array.rows=4", "array={rows: 8, cols: 9}", "array.rows=16")
    assert (changed.array.rows, changed.array.cols) == (16, 9)


def test_the_source_is_not_changed() -> None:
    source = parse_yaml(MACHINE, "m.yaml")
    apply_overrides(source, ["array.rows=64"], Hardware)
    assert source == parse_yaml(MACHINE, "m.yaml")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "array.rowz=3",
            "there is no field 'array.rowz'; did you mean 'array.rows'? (allowed: array.rows, array.cols, ",
        ),
        ("rows=3", "there is no field 'rows'; did you mean 'array.rows'? (allowed: name, description, clock_hz, "),
        ("arry.rows=3", "there is no field 'arry.rows'; did you mean 'array.rows'? (allowed: name, "),
        ("array.rows.x=3", "there is no field 'array.rows.x'; did you mean 'array.rows'? (allowed: array.rows has no "),
        ("=3", "there is no field ''"),
        ("array.rows", "no '=' in it (allowed: dotted.path=value, such as array.rows=64)"),
        ("array.rows=", "value '': is empty (allowed: an integer > 0"),
        ("array.rows=[", "value '[': not valid YAML"),
        ("array.rows=0", "array.rows: found 0 (allowed: an integer > 0"),
        ("array.rows=abc", "array.rows: found 'abc' (allowed: an integer > 0"),
        ("array.rows=null", "array.rows: found nothing (null) (allowed: an integer > 0"),
        ("array.rows=64.0", "array.rows: found 64.0 (allowed: an integer > 0"),
        ("array.shadow_registers=1", "array.shadow_registers: found 1 (allowed: true or false)"),
        ("array.dataflow=wss", "array.dataflow: found 'wss'; did you mean 'ws'? (allowed: ws, os, is or dot)"),
        ("array.operand_bits=[3, 8]", "array.operand_bits: found [3, 8] (allowed: every operand width must divide"),
        ("interconnect.weights=[1, 2]", "interconnect.weights: found [1, 2] (allowed: a list of 3: an integer > 0; "),
        ("interconnect.weights=[1, 2, x]", "interconnect.weights[2]: found 'x' (allowed: an integer > 0)"),
        ("array=3", "array: found 3 (allowed: a mapping with rows, cols, "),
    ],
)
def test_what_is_refused_names_the_option(override: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        overridden(override)
    assert str(caught.value).startswith(f"--set {override}: {message}")


def test_a_fault_of_the_file_is_still_blamed_on_the_file() -> None:
    text = MACHINE.replace("rows: 2", "rows: -2")
    with pytest.raises(InputError, match=r"m\.yaml:3: array\.rows: found -2"):
        overridden("array.cols=4", text=text)
    with pytest.raises(InputError, match=r"m\.yaml:3: found 5"):
        overridden("array.cols=4", text=MACHINE.replace("{rows: 2, cols: 2}", "5"))
    assert overridden("array.rows=2", text=text).array.rows == 2


def test_valid_paths_are_the_leaves_of_the_model() -> None:
    paths = valid_paths(Hardware)
    assert paths[:6] == ["name", "description", "clock_hz", "cores", "cores_per_image", "array.rows"]
    assert {"dram.preset", "dram.channels", "decoder.lanes", "buffers.output_bytes"} < set(paths)
    assert "array" not in paths


@settings(derandomize=True, deadline=1000, max_examples=200)
@given(st.sampled_from(["", *valid_paths(Hardware)]), st.sampled_from(["", "=", ".x=", "[0]="]), st.text(max_size=20))
def test_any_option_is_taken_or_an_input_error(path: str, equals: str, value: str) -> None:
    try:
        overridden(path + equals + value)
    except InputError as error:
        assert str(error).startswith("--set ")  # noqa: PT017 (either outcome is fine, no other is)


@pytest.mark.parametrize(
    ("override", "allowed"),
    [
        ("array.dot.pixels=8", "array.dot needs array.dataflow: dot"),
        ("array.fusion=reduction", "array.fusion: reduction needs array.dataflow: dot"),
    ],
)
def test_what_only_dot_products_have(override: str, allowed: str) -> None:
    with pytest.raises(InputError, match=allowed):
        overridden(override)
    assert overridden(override, "array.dataflow=dot").array.dataflow == "dot"
