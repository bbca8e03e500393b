"""The bit-allocation file of `quant`: read, written, and what is wrong with it said with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quant.allocation.file import LayerFormats, check_layers, read_allocation, write_allocation
from quant.errors import DataError, FileError, FormatError

ALLOCATION = {
    "features.0": LayerFormats("dybit8", "dybit8"),
    "0": LayerFormats("int4", "dybit3"),
    "on": LayerFormats("fp4_e2m1", "fp32"),
    "größe: 1 #": LayerFormats("nf4", "int8"),
}


@pytest.mark.parametrize("name", ["mix.yaml", "mix.json", "mix"])
def test_what_is_written_is_read_in_order(name: str, tmp_path: Path) -> None:
    write_allocation(ALLOCATION, tmp_path / name)
    found = read_allocation(tmp_path / name)
    assert list(found.items()) == list(ALLOCATION.items())
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_each_layer_is_a_line_that_it_remembers(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    write_allocation(ALLOCATION, path)
    assert path.read_text(encoding="utf-8").splitlines()[0] == "features.0: {weights: dybit8, activations: dybit8}"
    assert [formats.where for formats in read_allocation(path).values()] == [f"{path}:{line}" for line in (1, 2, 3, 4)]


def test_json_is_json(tmp_path: Path) -> None:
    write_allocation(ALLOCATION, tmp_path / "mix.json")
    document = json.loads((tmp_path / "mix.json").read_text(encoding="utf-8"))
    assert document["0"] == {"weights": "int4", "activations": "dybit3"}


def test_nothing_is_written_for_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="dybot4"):
        write_allocation({"a": LayerFormats("dybot4", "int8")}, tmp_path / "mix.yaml")
    assert list(tmp_path.iterdir()) == []


FORMATS = "{weights: int4, activations: int8}"


@pytest.mark.parametrize(
    ("content", "where", "message", "nearest"),
    [
        (f"a: {FORMATS}\nb: {{weights: dybot4, activations: int8}}", ":2", "'dybot4'", "dybit4"),
        (f"a: {FORMATS}\nb: {{weight: int4, activations: int8}}", ":2", "unknown key 'weight'", "weights"),
        (f"a: {FORMATS}\nb: {{weights: int4}}", ":2", "activations missing", None),
        (f"a: {FORMATS}\na: {FORMATS}", ":2", "layer 'a' appears twice", None),
        ("a:\n  weights: int4\n  weights: int4\n", ":3", "'weights' appears twice", None),
        ("a: int4", ":1", "not a mapping", None),
        ("[a, b]", ":1", "not a mapping", None),
        ("", "", "is empty", None),
        ("a: ]", ":1", "not valid YAML", None),
        ("\x00", "", "not valid YAML", None),
        (f"a: {FORMATS}\n---\nb: {FORMATS}", ":2", "not valid YAML", None),
        ("a: {weights: [[int4]], activations: int8}", ":1", "nested", None),
        ("[" * 10_000, ":1", "", None),
        ("- " * 10_000, ":1", "nested", None),
        ("a: !!python/object:os.system {}", ":1", "missing", None),
        ("? [a]\n: b", ":1", "a key that is not plain text", None),
        ("a: {weights: !mine int4, activations: int8}", ":1", "no text", None),
        ("a: *b", ":1", "not valid YAML", None),
        ("a: &a {weights: *a, activations: int8}", ":1", "no text", None),
    ],
)
def test_wrong_files_are_one_message(
    content: str, where: str, message: str, nearest: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        read_allocation(path)
    assert (caught.value.where, caught.value.nearest) == (f"{path}{where}", nearest)
    assert message in caught.value.found
    assert str(caught.value).startswith(f"{path}{where}: ")


def test_what_is_no_text_file(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"a: 1\n\xff")
    (tmp_path / "long.yaml").write_bytes(b"#" * (2**20 + 1))
    for name, found in [
        ("binary.yaml", "byte 5"),
        ("long.yaml", "1 MiB"),
        ("lon.yaml", "no such file"),
        (".", "regular file"),
    ]:
        with pytest.raises(FileError) as caught:
            read_allocation(tmp_path / name)
        assert found in caught.value.found
        assert str(caught.value).count(str(tmp_path / name)) == 1
    with pytest.raises(FileError, match=r"did you mean .*long\.yaml"):
        read_allocation(tmp_path / "lon.yaml")


def test_aliases_stand_for_what_they_name(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text(f"a: &all {FORMATS}\nb: *all\n", encoding="utf-8")
    assert read_allocation(path) == {"a": LayerFormats("int4", "int8"), "b": LayerFormats("int4", "int8")}


def test_layers_are_those_of_the_model() -> None:
    formats = LayerFormats("int4", "int8", "mix.yaml:7")
    check_layers({"a": formats, "b": formats}, ["b", "a"])
    with pytest.raises(
        DataError, match=r"mix\.yaml:7: no layer convl in the model; did you mean 'conv1'\? \(allowed: "
    ):
        check_layers({"convl": formats}, ["conv1", "fc"])
    with pytest.raises(DataError, match="no formats for conv1, fc"):
        check_layers({}, ["conv1", "fc"])
    with pytest.raises(DataError, match="no formats for 0, 1, 2, 3, 4 and 3 more"):
        check_layers({}, map(str, range(8)))
