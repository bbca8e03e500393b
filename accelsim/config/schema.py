"""Reading pydantic models as a schema: what a field takes, in words, and what is wrong with a value, in words."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from accelsim.errors import nearest_name

_SIMPLE_WORDS = {bool: "true or false", int: "an integer", float: "a number", str: "text", type(None): "null"}


@dataclass(frozen=True)
class Complaint:
    """What is wrong at a key path: what was found, what is allowed, the nearest valid name."""

    path: tuple[str | int, ...]
    found: str
    allowed: str
    nearest: str | None = None
    unknown_key: bool = False


def path_text(path: tuple[str | int, ...]) -> str:
    """`("layers", 3, "kernel")` -> `layers[3].kernel`; a key that is long or not printable is shortened and quoted."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{_plain(key)}" for key in path)
    return text.removeprefix(".")


def shortened(text: str) -> str:
    """`text` in quotes, at most 60 characters of it."""
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}..."


def _plain(key: str) -> str:
    return key if key.isprintable() and len(key) <= 60 else shortened(key)


def field_type(field: FieldInfo) -> Any:
    """A field's annotation with its constraints, as `Annotated` again."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def alternatives(annotation: Any) -> list[Any]:
    """The members of a union (itself when it is none), without the `Annotated` around the union."""
    if get_origin(annotation) is Annotated and get_origin(get_args(annotation)[0]) in (Union, types.UnionType):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return [member for part in get_args(annotation) for member in alternatives(part)]
    return [annotation]


def bare(annotation: Any) -> Any:
    """The annotation without `Annotated` around it."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def is_model(annotation: Any) -> bool:
    """Whether the annotation is a pydantic model class."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def models(annotation: Any, data: Any = None) -> list[type[BaseModel]]:
    """Model classes that a value may be; those whose literal fields (a union's `kind`) match `data`, if any do."""
    found = [kind for kind in map(bare, alternatives(annotation)) if is_model(kind)]
    matching = [model for model in found if isinstance(data, Mapping) and _literals_match(model, data)]
    return matching or found


def _literals_match(model: type[BaseModel], data: Mapping[str, Any]) -> bool:
    literals = {
        key: get_args(field.annotation)
        for key, field in model.model_fields.items()
        if get_origin(field.annotation) is Literal
    }
    return all(data.get(key, values[0]) in values for key, values in literals.items())


def type_at(annotation: Any, path: tuple[str | int, ...], data: Any = None) -> list[Any]:
    """Annotations that the schema has at a key path below `annotation`; empty where there is none."""
    if not path:
        return [annotation]
    key, rest = path[0], path[1:]
    below = data[key] if _has(data, key) else None
    return [found for child in _children(annotation, key, data) for found in type_at(child, rest, below)]


def _children(annotation: Any, key: str | int, data: Any) -> Iterator[Any]:
    for model in models(annotation, data):
        if key in model.model_fields:
            yield field_type(model.model_fields[str(key)])
    for part in map(bare, alternatives(annotation)):
        origin, arguments = get_origin(part), get_args(part)
        if origin is dict and isinstance(key, str):
            yield arguments[1]
        elif origin is list and isinstance(key, int):
            yield arguments[0]
        elif origin is tuple and isinstance(key, int):
            if arguments[-1] is Ellipsis:
                yield arguments[0]
            elif key < len(arguments):
                yield arguments[key]


def _has(data: Any, key: str | int) -> bool:
    if isinstance(data, dict):
        return key in data
    return isinstance(data, list) and isinstance(key, int) and key < len(data)


def type_words(annotation: Any) -> str:
    """What a field takes: `an integer > 0`, `ws, os or is`, `a list of text`."""
    return " or ".join(dict.fromkeys(_words(part) for part in alternatives(annotation)))


def _words(annotation: Any) -> str:
    kind, origin, arguments = bare(annotation), get_origin(bare(annotation)), get_args(bare(annotation))
    if origin is Literal:
        return " or ".join(filter(None, (", ".join(map(str, arguments[:-1])), str(arguments[-1]))))
    if is_model(kind):
        return f"a mapping with {', '.join(kind.model_fields)}"
    if origin in (tuple, list):
        if origin is list or arguments[-1] is Ellipsis:
            return f"a list, each {type_words(arguments[0])}"
        return f"a list of {len(arguments)}: {'; '.join(map(type_words, arguments))}"
    if origin is dict:
        return f"a mapping from names to {type_words(arguments[1])}"
    bounds = " and ".join(sorted(_bounds(annotation), reverse=True))  # the lower bound first
    return f"{_SIMPLE_WORDS.get(kind, getattr(kind, '__name__', str(kind)))} {bounds}".rstrip()


def _bounds(annotation: Any) -> Iterator[str]:
    for entry in get_args(annotation)[1:] if get_origin(annotation) is Annotated else ():
        for constraint in entry.metadata if isinstance(entry, FieldInfo) else (entry,):
            match constraint:
                case annotated_types.Gt(bound):
                    yield f"> {bound}"
                case annotated_types.Ge(bound):
                    yield f">= {bound}"
                case annotated_types.Lt(bound):
                    yield f"< {bound}"
                case annotated_types.Le(bound):
                    yield f"<= {bound}"
                case annotated_types.MinLen(bound):
                    yield f"of length >= {bound}"


def value_words(value: Any) -> str:
    """A found value, short enough for a message."""
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= 60 else f"{text[:60]}..."
    if value is None or isinstance(value, bool):
        return {None: "nothing (null)", True: "true", False: "false"}[value]
    return shortened(value) if isinstance(value, str) else repr(value)


def explain(model: type[BaseModel], data: Any, error: Mapping[str, Any]) -> Complaint:
    """Put one entry of `ValidationError.errors()` into words, for `data` that was checked against `model`."""
    kind, location, context = error["type"], error["loc"], error.get("ctx", {})
    path = _key_path(data, location)
    found = f"found {value_words(_at(data, path))}"
    if kind == "extra_forbidden":
        names = [name for owner in _owners(model, path[:-1], data) for name in owner.model_fields]
        return Complaint(path, "unknown key", ", ".join(names), nearest_name(str(path[-1]), names), unknown_key=True)
    if kind == "missing" and isinstance(location[-1], str):
        key = location[-1]
        types = [
            field_type(owner.model_fields[key]) for owner in _owners(model, path, data) if key in owner.model_fields
        ]
        return Complaint(path, f"key {key!r} is missing", f"{key}: {' or '.join(map(type_words, types))}")
    if kind == "union_tag_not_found":
        return Complaint(path, f"key {context['discriminator']} is missing", error["msg"])
    if kind == "union_tag_invalid":
        names = re.findall(r"'([^']*)'", context["expected_tags"])
        tag_path = (*path, context["discriminator"].strip("'"))
        return Complaint(tag_path, f"found {context['tag']!r}", ", ".join(names), nearest_name(context["tag"], names))
    if kind in ("value_error", "assertion_error"):
        return Complaint(path, found, error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
    return _wrong_value(path, _at(data, path), found, type_at(model, path, data), error["msg"])


def _wrong_value(
    path: tuple[str | int, ...], value: Any, found: str, annotations: list[Any], message: str
) -> Complaint:
    allowed = " or ".join(map(type_words, annotations)) or message
    if isinstance(value, float) and value.is_integer() and "integer" in allowed:
        allowed += f", such as {int(value)}"
    members = [bare(member) for annotation in annotations for member in alternatives(annotation)]
    names = [str(name) for member in members if get_origin(member) is Literal for name in get_args(member)]
    return Complaint(path, found, allowed, nearest_name(value, names) if isinstance(value, str) else None)


def _owners(model: type[BaseModel], path: tuple[str | int, ...], data: Any) -> list[type[BaseModel]]:
    """Model classes of the mapping at a key path."""
    return [owner for annotation in type_at(model, path, data) for owner in models(annotation, _at(data, path))]


def _key_path(data: Any, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The key path in a pydantic error location, which also holds union members and validator names."""
    path: list[str | int] = []
    for key in location:
        if _has(data, key):
            path.append(key)
            data = data[key]
    return tuple(path)


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        data = data[key]
    return data
