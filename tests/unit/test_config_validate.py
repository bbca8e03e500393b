"""Files against a schema: the one message for what is wrong, and that nothing else can come of any file."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from accelsim.config.source import Source, parse_yaml, read_yaml, validate
from accelsim.errors import InputError


def complaint(text: str, model: type[BaseModel]) -> InputError:
    with pytest.raises(InputError) as caught:
        validate(parse_yaml(text, "f.yaml"), model)
    return caught.value


class Conv(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["conv"]
    kernel: tuple[int, int]


class Pool(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["pool"]
    mode: Literal["max", "average"] = "max"


class Net(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    size: Annotated[int, Field(gt=0, le=99)] | None = None
    scale: float = 1.0
    layers: list[Annotated[Conv | Pool, Field(discriminator="kind")]] = []
    bits: dict[str, int] = {}
    stride: int | tuple[int, int] = 1

    @model_validator(mode="after")
    def _name_is_not_taken(self) -> Net:
        if self.name == "taken":
            raise ValueError("another name")
        return self


class TestValidate:
    def test_a_valid_file(self) -> None:
        source = parse_yaml("name: n\nscale: 2\nlayers: [{kind: conv, kernel: [3, 3]}]\nbits: {a: 4}", "f.yaml")
        net = validate(source, Net)
        assert net == Net(name="n", scale=2.0, layers=[Conv(kind="conv", kernel=(3, 3))], bits={"a": 4})
        assert validate(source, Conv, ("layers", 0)).kernel == (3, 3)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("name: n\nsize: 0", "f.yaml:2: size: found 0 (allowed: an integer > 0 and <= 99 or null)"),
            ("name: n\nsize: '8'", "f.yaml:2: size: found '8' (allowed: an integer > 0 and <= 99 or null)"),
            ("name: n\nsize: true", "f.yaml:2: size: found true (allowed: an integer > 0 and <= 99 or null)"),
            ("name: n\nsize: 8.0", "f.yaml:2: size: found 8.0 (allowed: an integer > 0 and <= 99 or null, such as 8)"),
            ("name: 8", "f.yaml:1: name: found 8 (allowed: text)"),
            ("size: 1", "f.yaml:1: key 'name' is missing (allowed: name: text)"),
            ("name: taken", 'f.yaml:1: found {"name": "taken"} (allowed: another name)'),
            ("name: n\nbits: {a: 1.5}", "f.yaml:2: bits.a: found 1.5 (allowed: an integer)"),
            (
                "name: n\nstride: [1]",
                "f.yaml:2: stride: found [1] (allowed: an integer or a list of 2: an integer; an integer)",
            ),
            (
                "nome: n",
                "f.yaml:1: nome: unknown key [and 1 more]; did you mean 'name'? "
                "(allowed: name, size, scale, layers, bits, stride)",
            ),
            (
                "name: n\nlayers:\n- {kind: pool}\n- kind: pool\n  mode: maxx",
                "f.yaml:5: layers[1].mode: found 'maxx'; did you mean 'max'? (allowed: max or average)",
            ),
            (
                "name: n\nlayers:\n- {kind: conf, kernel: [1, 1]}",
                "f.yaml:3: layers[0].kind: found 'conf'; did you mean 'conv'? (allowed: conv, pool)",
            ),
            (
                "name: n\nlayers:\n- {kind: conv, kernal: [1, 1]}",
                "f.yaml:3: layers[0].kernal: unknown key [and 1 more]; did you mean 'kernel'? (allowed: kind, kernel)",
            ),
            (
                "name: n\nlayers:\n- kind: conv\n  kernel: [1, x]",
                "f.yaml:4: layers[0].kernel[1]: found 'x' (allowed: an integer)",
            ),
            (
                "name: n\nlayers:\n- {kind: conv, kernel: [1]}",
                "f.yaml:3: layers[0].kernel: found [1] (allowed: a list of 2: an integer; an integer)",
            ),
            (
                "name: n\nlayers:\n- {kind: conv}",
                "f.yaml:3: layers[0]: key 'kernel' is missing (allowed: kernel: a list of 2: an integer; an integer)",
            ),
            ("[1, 2]", "f.yaml:1: found [1, 2] (allowed: a mapping with name, size, scale, layers, bits, stride)"),
            (
                "null",
                "f.yaml:1: found nothing (null) (allowed: a mapping with name, size, scale, layers, bits, stride)",
            ),
        ],
    )
    def test_the_one_message(self, text: str, message: str) -> None:
        assert str(complaint(text, Net)) == message

    def test_a_missing_discriminator(self) -> None:
        error = complaint("name: n\nlayers:\n- kernel: [1, 1]", Net)
        assert error.where == "f.yaml:3"
        assert "key 'kind' is missing" in error.found

    def test_where_falls_back_to_the_nearest_line_or_the_origin(self) -> None:
        source = Source("f.yaml", {}, {("a",): 3}, {("a", "b"): "--set a.b=1"})
        assert source.where(("a", "c", 0)) == "f.yaml:3"
        assert source.where(("a", "b", 0)) == "--set a.b=1"
        assert source.where(("z",)) == "f.yaml"


SCALARS = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(st.characters(max_codepoint=0xD7FF))  # libyaml refuses JSON's \u escapes of what lies above U+FFFF
JSON = st.recursive(
    SCALARS | WORDS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=4),
    max_leaves=20,
)


class TestFuzz:
    @settings(derandomize=True, deadline=1000, max_examples=150)
    @given(JSON)
    def test_any_json_document_is_read_back(self, data: Any) -> None:
        assert parse_yaml(json.dumps(data), "f.json").data == data

    @settings(derandomize=True, deadline=1000, max_examples=300)
    @given(st.text() | st.text(alphabet="ab:-?[]{},&*!|>'\"#%@ \n\t0.e", max_size=60))
    @example("!<tag:yaml.org,2002:python/none> ")
    @example("%TAG ! x:\n---\n!a b")
    def test_any_text_is_data_or_an_input_error(self, text: str) -> None:
        try:
            validate(parse_yaml(text, "f.yaml"), Net)
        except InputError as error:
            assert str(error).startswith("f.yaml")  # noqa: PT017 (either outcome is fine, no other is)

    @settings(derandomize=True, deadline=1000, max_examples=100)
    @given(JSON, st.sampled_from(["name", "size", "layers", "bits", "stride"]))
    def test_any_value_in_any_field_is_taken_or_an_input_error(self, data: Any, key: str) -> None:
        try:
            validate(parse_yaml(json.dumps({"name": "n", key: data}), "f.json"), Net)
        except InputError as error:
            assert str(error).startswith("f.json:1: ")  # noqa: PT017

    @settings(derandomize=True, deadline=1000, max_examples=100)
    @given(content=st.binary(max_size=300))
    def test_any_bytes_are_data_or_an_input_error(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
        path.write_bytes(content)
        try:
            read_yaml(path)
        except InputError as error:
            assert str(error).startswith(str(path))  # noqa: PT017
