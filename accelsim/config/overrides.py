"""`--set array.rows=64`: single fields changed by dotted path, before the whole is validated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from accelsim.config.schema import field_type, models, path_text, shortened, type_at, type_words, value_words
from accelsim.config.source import KeyPath, Source, parse_yaml
from accelsim.errors import InputError, nearest_name


def apply_overrides(source: Source, overrides: Sequence[str], model: type[BaseModel]) -> Source:
    """`source` with every `dotted.path=value` applied in order, the value read as YAML (`64`, `[4, 8]`, `null`).

    A path is checked against `model` here, a value when the result is validated: its complaint names the option.
    InputError for a path that the model does not have, with the nearest one, and for a value that is not YAML.
    """
    for override in overrides:
        source = _apply(source, override, model)
    return source


def valid_paths(model: type[BaseModel]) -> list[str]:
    """Dotted paths of all single values of a model, in the order of its fields."""
    return [path_text(path) for path, _ in leaves(model)]


def leaves(model: type[BaseModel], prefix: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    """Key path and pydantic field of every single value of a model, nested models opened up."""
    found: list[tuple[KeyPath, Any]] = []
    for name, field in model.model_fields.items():
        nested = models(field_type(field))
        found += leaves(nested[0], (*prefix, name)) if nested else [((*prefix, name), field)]
    return found


def _apply(source: Source, override: str, model: type[BaseModel]) -> Source:
    option = f"--set {override if len(override) <= 80 else override[:80] + '...'}"
    name, equals, text = override.partition("=")
    path: KeyPath = tuple(name.strip().split("."))
    if not equals:
        raise InputError(option, "no '=' in it", "dotted.path=value, such as array.rows=64")
    if not type_at(model, path):
        raise InputError(option, f"there is no field {shortened(name)}", _siblings(model, path), _nearest(name, model))
    try:
        value = parse_yaml(text, option).data
    except InputError as error:
        allowed = " or ".join(map(type_words, type_at(model, path)))
        raise InputError(option, f"value {shortened(text)}: {error.found}", allowed) from None
    return with_value(source, path, value, option, model)


def with_value(source: Source, path: KeyPath, value: Any, origin: str, model: type[BaseModel]) -> Source:
    """`source` with plain data at an existing path of `model`; complaints about it will name `origin`."""
    lines = {key: line for key, line in source.lines.items() if key[: len(path)] != path}
    return Source(source.label, _data_with(source, path, value, model), lines, {**source.origins, path: origin})


def _data_with(source: Source, path: KeyPath, value: Any, model: type[BaseModel]) -> Any:
    """A copy of the data along `path`, with `value` at its end; sections that the file leaves out are made."""

    def rebuilt(data: Any, depth: int) -> Any:
        if depth == len(path):
            return value
        if not isinstance(data, dict):
            allowed = " or ".join(map(type_words, type_at(model, path[:depth])))
            raise InputError(source.where(path[:depth]), f"found {value_words(data)}", allowed)
        return {**data, path[depth]: rebuilt(data.get(str(path[depth]), {}), depth + 1)}

    return rebuilt(source.data, 0)


def _siblings(model: type[BaseModel], path: KeyPath) -> str:
    """The fields beside a wrong path: those of its longest existing section."""
    length = max(length for length in range(len(path)) if type_at(model, path[:length]))
    owners = [owner for annotation in type_at(model, path[:length]) for owner in models(annotation)]
    section = path_text(path[:length])
    if not owners:
        return f"{section} has no fields of its own"
    return ", ".join(path_text((*path[:length], name)) for owner in owners for name in owner.model_fields)


def _nearest(name: str, model: type[BaseModel]) -> str | None:
    paths = valid_paths(model)
    same_end = [path for path in paths if path.rpartition(".")[2] == name.rpartition(".")[2]]
    return nearest_name(name, paths) or next(iter(same_end), None)
