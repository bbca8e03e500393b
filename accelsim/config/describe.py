"""A configuration for people: flat rows of path, value and meaning, and the tables of `docs/hardware.md`.

`python -m accelsim.config.describe docs/hardware.md` writes the tables of that page anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from accelsim.config.hardware import Hardware
from accelsim.config.overrides import leaves
from accelsim.config.presets import Kind, load_hardware, preset_names, preset_text
from accelsim.config.schema import field_type, path_text, type_words
from accelsim.config.source import parse_yaml
from accelsim.units import format_bytes, format_si

_TABLE = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One value of a configuration: dotted path, plain value (None, bool, int, str or list), its unit and meaning."""

    path: str
    value: Any
    meaning: str


def describe(configuration: BaseModel) -> list[Row]:
    """Every single value of a configuration, defaults included, in the order of its fields."""
    values = configuration.model_dump(mode="json")
    return [
        Row(path_text(path), _value_at(values, path), field.description or "")
        for path, field in leaves(type(configuration))
    ]


def value_text(value: Any) -> str:
    """A value as the YAML files write it: `[4, 8]`, `null`, `true`, text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def sourced_values(kind: Kind, name: str) -> Iterator[tuple[str, str, str]]:
    """Path, value and source of each value in a preset: the comment beside it in the YAML file, empty if none is."""
    text = preset_text(kind, name)
    source = parse_yaml(text, name)
    comments = [line.partition(" # ")[2].strip() for line in text.splitlines()]
    for path, line in source.lines.items():
        value = _value_at(source.data, path)
        # A list stands in one line with one comment; name and description are no measured things.
        if all(isinstance(key, str) for key in path) and not isinstance(value, dict) and path[0] not in _TITLES:
            yield path_text(path), value_text(value), comments[line - 1]


def field_table(model: type[BaseModel]) -> str:
    """Markdown: every field of a model with what it takes, its default, its unit and meaning."""
    rows = []
    for path, field in leaves(model):
        default = "required" if field.is_required() else f"`{value_text(field.default)}`" if field.default != "" else ""
        rows.append((f"`{path_text(path)}`", type_words(field_type(field)), default, field.description or ""))
    return _markdown(("path", "takes", "default", "unit and meaning"), rows)


def preset_table() -> str:
    """Markdown: the hardware presets beside each other."""
    rows = []
    for name in preset_names("hardware"):
        machine = load_hardware(name)
        array, buffers = machine.array, machine.buffers
        sizes = (buffers.weight_bytes, buffers.input_bytes, buffers.output_bytes)
        rows.append(
            (
                f"`{name}`",
                f"{array.rows} x {array.cols}, {array.dataflow}",
                ", ".join(map(str, array.operand_bits)),
                format_si(machine.clock_hz, "Hz"),
                " / ".join(map(format_bytes, sizes)),
                f"{machine.dram.channels} x {machine.dram.preset}",
            )
        )
    header = ("preset", "array", "operand bits", "clock", "weight / input / output buffer", "DRAM channels")
    return _markdown(header, rows)


def source_table(name: str) -> str:
    """Markdown: every value of a hardware preset and where it comes from."""
    rows = [(f"`{path}`", value, comment) for path, value, comment in sourced_values("hardware", name)]
    return _markdown(("path", "value", "source"), rows)


def fill_tables(page: str) -> str:
    """The page with each `<!-- table: fields|presets|NAME -->` block holding its current table."""

    def table(match: re.Match[str]) -> str:
        title = match[2]
        text = (
            field_table(Hardware)
            if title == "fields"
            else preset_table()
            if title == "presets"
            else source_table(title)
        )
        return f"{match[1]}{text}\n{match[3]}"

    return _TABLE.sub(table, page)


_TITLES = ("name", "description")


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _value_at(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


if __name__ == "__main__":
    page_path = Path(sys.argv[1])
    page_path.write_text(fill_tables(page_path.read_text(encoding="utf-8")), encoding="utf-8")
