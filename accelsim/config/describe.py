"""A configuration for people: flat rows of path, value and meaning, and the tables of `docs/hardware.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from accelsim.config.overrides import leaves
from accelsim.config.presets import Kind, preset_text
from accelsim.config.schema import field_type, path_text, type_words
from accelsim.config.source import Source, parse_yaml


@dataclass(frozen=True)
class Row:
    """One value of a configuration: dotted path, plain value (None, bool, int, str or list) and unit and meaning."""

    path: str
    value: Any
    meaning: str


def describe(configuration: BaseModel) -> list[Row]:
    """Every single value of a configuration, defaults included, in the order of its fields."""
    dumped = configuration.model_dump(mode="json")
    return [
        Row(path_text(path), _value_at(dumped, path), field.description or "")
        for path, field in leaves(type(configuration))
    ]


def value_text(value: Any) -> str:
    """A value as the YAML files write it: `[4, 8]`, `null`, `true`."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else str(value)
    )


def field_table(model: type[BaseModel]) -> str:
    """Markdown table of a model's fields: path, what it takes, default, unit and meaning."""
    lines = ["| path | takes | default | unit and meaning |", "|---|---|---|---|"]
    for path, field in leaves(model):
        default = "required" if field.default is PydanticUndefined else f"`{value_text(field.default) or '(empty)'}`"
        lines.append(
            f"| `{path_text(path)}` | {type_words(field_type(field))} | {default} | {field.description or ''} |"
        )
    return "\n".join(lines)


def source_table(kind: Kind, name: str) -> str:
    """Markdown table of a preset's values, each with the comment that stands beside it in the YAML file."""
    text = preset_text(kind, name)
    lines = ["| path | value | where it comes from |", "|---|---|---|"]
    lines += [f"| `{path}` | {value} | {comment} |" for path, value, comment in sourced_values(text)]
    return "\n".join(lines)


def sourced_values(text: str) -> Iterator[tuple[str, str, str]]:
    """Path, value and comment (empty when there is none) of each single value in a YAML text."""
    source: Source = parse_yaml(text, "preset")
    comments = [line.partition(" # ")[2].strip() for line in text.splitlines()]
    for path, line in source.lines.items():
        value = _value_at(source.data, path)
        if not isinstance(value, dict) and all(isinstance(key, str) for key in path):
            yield path_text(path), value_text(value), comments[line - 1]


def _value_at(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        data = data[key]
    return data
