"""Files as data with lines, and what happens to files that are not what they should be."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from accelsim.config import source as source_module
from accelsim.config.source import MAX_DEPTH, MAX_NODES, parse_yaml, read_yaml
from accelsim.errors import InputError

TEXT = """\
name: net
sizes: [1, -2, 0x10]
layers:
  - name: conv
    kernel: [3, 3]
  - {name: fc,
     units: 1_000}
"""


def complaint(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f.yaml")
    return caught.value


class TestParse:
    def test_data_and_the_line_of_every_key_path(self) -> None:
        source = parse_yaml(TEXT, "f.yaml")
        assert source.data == {
            "name": "net",
            "sizes": [1, -2, 16],
            "layers": [{"name": "conv", "kernel": [3, 3]}, {"name": "fc", "units": 1000}],
        }
        assert source.lines == {
            (): 1,
            ("name",): 1,
            ("sizes",): 2,
            **{("sizes", index): 2 for index in range(3)},
            ("layers",): 3,
            ("layers", 0): 4,
            ("layers", 0, "name"): 4,
            ("layers", 0, "kernel"): 5,
            ("layers", 0, "kernel", 0): 5,
            ("layers", 0, "kernel", 1): 5,
            ("layers", 1): 6,
            ("layers", 1, "name"): 6,
            ("layers", 1, "units"): 7,
        }

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("8", 8),
            ("-8", -8),
            ("+8", 8),
            ("1_000", 1000),
            ("0x1F", 31),
            ("0o17", 15),
            ("1.5", 1.5),
            (".5", 0.5),
            ("1e9", 1e9),
            ("true", True),
            ("False", False),
            ("null", None),
            ("~", None),
            ("'8'", "8"),
            ("'null'", "null"),
            # What YAML 1.1 reads as a truth value, a base-60 number, a date or an octal number is text here.
            *((text, text) for text in ("on", "no", "1:30", "2020-01-01", "010", "1__0", "nan", "w4a4")),
        ],
    )
    def test_scalars_follow_the_core_schema(self, text: str, value: Any) -> None:
        read = parse_yaml(text, "f.yaml").data
        assert read == value
        assert type(read) is type(value)

    def test_anchors_and_aliases_share_a_value(self) -> None:
        source = parse_yaml("a: &block {kernel: [3, 3]}\nb: *block\n", "f.yaml")
        assert source.data == {"a": {"kernel": [3, 3]}, "b": {"kernel": [3, 3]}}
        assert source.where(("b", "kernel", 0)) == "f.yaml:2"

    @pytest.mark.parametrize(
        ("text", "line", "found"),
        [
            ("a: [1,\n}", 2, "not valid YAML"),
            ("a: 1\n\tb: 2", 2, "not valid YAML"),
            ("a: 1\nb: 2\na: 3", 3, "key 'a' appears twice, first in line 1"),
            ("x: 1\n8: 2", 2, "key 8 is not text"),
            ("? [1]\n: 2", 1, "a key that is not plain text"),
            (
                "x: 1\na: !!python/object/apply:os.system [ls]",
                2,
                "tag 'tag:yaml.org,2002:python/object/apply:os.system'",
            ),
            ("a: !!str 8", 1, "tag 'tag:yaml.org,2002:str'"),
            ("a: .nan", 1, "the number .nan"),
            ("a: -.inf", 1, "the number -.inf"),
            ("a: 1e999", 1, "the number 1e999"),
            ("a: 9223372036854775808", 1, "the integer 9223372036854775808"),
            ("a: *b", 1, "alias 'b' has no anchor that ends before it"),
            ("a: &a [*a]", 1, "alias 'a' has no anchor that ends before it"),
            ("a: 1\n---\nb: 2", 2, "a second document starts here"),
        ],
    )
    def test_what_is_refused(self, text: str, line: int, found: str) -> None:
        error = complaint(text)
        assert error.where == f"f.yaml:{line}"
        assert found in error.found

    @pytest.mark.parametrize("text", ["", "# only a comment\n"])
    def test_an_empty_document(self, text: str) -> None:
        assert "is empty" in str(complaint(text))

    @pytest.mark.parametrize("text", ["a\x00b", "a\x07", "\ud800"])
    def test_characters_that_are_not_text(self, text: str) -> None:
        assert "special characters" in str(complaint(text))


class TestLimits:
    """Each of these would take minutes, gigabytes or the interpreter's stack without a limit."""

    @staticmethod
    def refused_at_once(text: str, why: str) -> None:
        started = time.process_time()
        assert why in str(complaint(text))
        assert time.process_time() - started < 1

    def test_alias_bomb(self) -> None:
        names = "abcdefghij"
        lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in itertools.pairwise(names)]
        self.refused_at_once("\n".join(lines), "aliases expanded")

    @pytest.mark.parametrize("bracket", ["[", "{a: ", "- ", "? ", "[a, "])
    def test_deep_nesting(self, bracket: str) -> None:
        complaint(bracket * 100_000)

    def test_nesting_ends_at_the_limit_also_through_aliases(self) -> None:
        deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
        assert parse_yaml(deepest, "f.yaml").data
        self.refused_at_once(f"[{deepest}]", "nested deeper")
        half = "[" * (MAX_DEPTH // 2) + "]" * (MAX_DEPTH // 2)
        self.refused_at_once(f"a: &a {half}\nb: {half.replace('[]', '[*a]')}", "nested deeper")

    def test_many_values(self) -> None:
        self.refused_at_once("- 1\n" * (MAX_NODES + 1), f"more than {MAX_NODES} values")

    def test_long_numbers(self) -> None:
        self.refused_at_once("9" * 1_000_000, "the integer 99999")
        self.refused_at_once("9" * 1_000_000 + ".0", "the number 99999")

    def test_a_long_key_is_shortened_in_the_message(self) -> None:
        key = "k" * 1000
        assert len(str(complaint(f"{key}: 1\n{key}: 2"))) < 200


class TestReadFile:
    def test_json_is_read_too_and_a_byte_order_mark_is_skipped(self, tmp_path: Path) -> None:
        path = tmp_path / "net.json"
        path.write_text('\ufeff{"a": [1, 2.5, true, null, "x"]}', encoding="utf-8")
        assert read_yaml(path).data == {"a": [1, 2.5, True, None, "x"]}

    def test_missing_file_names_the_nearest(self, tmp_path: Path) -> None:
        (tmp_path / "resnet50.yaml").write_text("a: 1")
        with pytest.raises(InputError, match="no such file") as caught:
            read_yaml(tmp_path / "resnet5O.yaml")
        assert caught.value.nearest == str(tmp_path / "resnet50.yaml")

    @pytest.mark.parametrize("name", ["no/such/folder.yaml", "nul\0.yaml", "x" * 5000])
    def test_names_that_are_no_files(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(InputError):
            read_yaml(tmp_path / name)

    def test_directory_and_special_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="is a directory"):
            read_yaml(tmp_path)
        with pytest.raises(InputError, match="not a regular file"):
            read_yaml(Path("/dev/zero"))

    def test_not_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.yaml"
        path.write_bytes(b"a: 1\nb: caf\xe9\n")
        with pytest.raises(InputError, match="byte 11 is not UTF-8") as caught:
            read_yaml(path)
        assert caught.value.where == f"{path}:2"

    def test_too_big(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source_module, "MAX_FILE_BYTES", 10)
        path = tmp_path / "big.yaml"
        path.write_text("a: 12345678")
        with pytest.raises(InputError, match="is 11 bytes long"):
            read_yaml(path)
