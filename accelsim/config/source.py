"""Configuration files as plain data that remembers its lines, so that every complaint can name file and line.

Text is read with libyaml's event parser and built here, not by PyYAML's constructors: no tags, no merge keys, no
YAML 1.1 surprises (`on`, `1:30` and `2020-01-01` are text; `1e9` is a number), and a limit on everything that a
hostile file could blow up. JSON is a subset of YAML, so `.json` files are read the same way.
"""

from __future__ import annotations

import json
import math
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from accelsim.config.schema import explain, path_text, shortened
from accelsim.errors import InputError, nearest_name

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml: slower, same events
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

KeyPath: TypeAlias = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

MAX_FILE_BYTES = 2**20
MAX_NODES = 100_000  # values after aliases are expanded: about a hundred times a large network
MAX_DEPTH = 40
MAX_NUMBER_CHARACTERS = 40
INTEGER_LIMIT = 2**63

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*(_[0-9]+)*|0x[0-9a-fA-F]+|0o[0-7]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True)
class Source:
    """Plain data (dict, list, str, int, float, bool, None) with the 1-based line of each key path.

    `origins` names the paths that did not come from the file but, say, from a command-line option.
    """

    label: str
    data: Any
    lines: Mapping[KeyPath, int]
    origins: Mapping[KeyPath, str] = field(default_factory=dict)

    def where(self, path: KeyPath = ()) -> str:
        """`file:line` of a key path (of the nearest enclosing one that has a line), or the option that set it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
            if path[:length] in self.lines:
                return f"{self.label}:{self.lines[path[:length]]}"
        return self.label


def read_yaml(path: Path) -> Source:
    """Read a YAML or JSON file; InputError when it is missing, unreadable, over 1 MiB, not UTF-8 or not YAML."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(str(path), "is a directory", "a YAML or JSON file")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(str(path), "is not a regular file", "a YAML or JSON file")
        if status.st_size > MAX_FILE_BYTES:
            raise InputError(str(path), f"is {status.st_size} bytes long", f"at most {MAX_FILE_BYTES} bytes (1 MiB)")
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(str(path), "no such file", nearest=_nearest_file(path)) from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL character in the name
        raise InputError(repr(str(path)), "is not a file name") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}", f"byte {error.start} is not UTF-8 text", "a YAML or JSON file") from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, label: str) -> Source:
    """Parse one YAML document; `label` stands for the file in messages.

    InputError for broken YAML, several documents, duplicate or non-text keys, tags, integers beyond 64 bits, NaN and
    infinity, unfinished or recursive aliases, nesting over 40 levels and more than 100 000 values.
    """
    try:
        text.encode("utf-8")
        return _Builder(label, yaml.parse(text, Loader=_Loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise InputError(f"{label}:{mark.line + 1}" if mark else label, f"not valid YAML: {problem}") from None
    except (yaml.YAMLError, UnicodeEncodeError):
        raise InputError(label, "not valid YAML: it contains control or other special characters", "text") from None


def validate(source: Source, model: type[Model], at: KeyPath = ()) -> Model:
    """Check the data at a key path against a pydantic model, strictly (no `'32'`, `1.0` or `true` for an integer).

    InputError for the most useful complaint: where, key path, what was found, what is allowed, the nearest valid
    name, and how many complaints there are.
    """
    data = source.data
    for key in at:
        data = data[key]
    try:
        # JSON mode is pydantic's strict mode for files: lists become tuples, but no value is coerced.
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        complaints = [explain(model, data, details) for details in error.errors(include_url=False)]

    def usefulness(index: int) -> tuple[bool, int]:
        # A mistyped key comes first: it is also why the right one is missing. Then in the order of the file.
        complaint = complaints[index]
        return not complaint.unknown_key, source.lines.get((*at, *complaint.path), 0)

    first = complaints[min(range(len(complaints)), key=usefulness)]
    others = len({complaint.path for complaint in complaints}) - 1
    found = f"{path_text((*at, *first.path))}: {first.found}" if at or first.path else first.found
    if others:
        found += f" [and {others} more]"
    raise InputError(source.where((*at, *first.path)), found, first.allowed, first.nearest)


class _Builder:
    """Builds plain data from a stream of YAML events; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, label: str, events: Iterator[yaml.Event]) -> None:
        self._label = label
        self._events = events
        self._lines: dict[KeyPath, int] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}  # finished anchors: value and its number of nodes
        self._nodes = 0

    def document(self) -> Source:
        next(self._events)  # stream start
        if isinstance(start := next(self._events), yaml.StreamEndEvent):
            raise InputError(self._label, "is empty", "a YAML or JSON document")
        data = self._value(next(self._events), ())
        next(self._events)  # document end
        if not isinstance(start := next(self._events), yaml.StreamEndEvent):
            raise self._error(start, "a second document starts here", "one document in a file")
        return Source(self._label, data, self._lines)

    def _error(self, event: yaml.Event, found: str, allowed: str) -> InputError:
        return InputError(f"{self._label}:{_line(event)}", found, allowed)

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._error(event, f"more than {MAX_NODES} values, aliases expanded", f"at most {MAX_NODES}")

    def _value(self, event: yaml.Event, path: KeyPath) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self._lines.setdefault(path, _line(event))
            return self._alias(event, path)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)  # the grammar of events
        before = self._nodes
        self._count(event, 1)
        self._lines.setdefault(path, _line(event))
        if event.tag is not None:
            raise self._error(event, f"tag {shortened(event.tag)}", "plain values without tags")
        if isinstance(event, yaml.ScalarEvent):
            value: Any = self._scalar(event) if event.implicit[0] else event.value
        elif len(path) >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels")
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path)
        else:
            value = self._mapping(path)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._nodes - before
        return value

    def _sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            line = _line(event)
            if key in mapping:
                first = self._lines[(*path, key)]
                raise self._error(event, f"key {shortened(key)} appears twice, first in line {first}", "every key once")
            self._lines[(*path, key)] = line
            mapping[key] = self._value(next(self._events), (*path, key))
        return mapping

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
            raise self._error(event, "a key that is not plain text", "text as a key")
        key = self._scalar(event) if event.implicit[0] else event.value
        if not isinstance(key, str):
            raise self._error(event, f"key {event.value} is not text", "text as a key; put it in quotes")
        return key

    def _alias(self, event: yaml.AliasEvent, path: KeyPath) -> Any:
        name = str(event.anchor)
        if name not in self._anchors:
            raise self._error(event, f"alias {shortened(name)} has no anchor that ends before it", "an earlier anchor")
        value, nodes = self._anchors[name]
        self._count(event, nodes)
        if len(path) + _height(value) > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels")
        return value

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        """A plain scalar as YAML 1.2's core schema reads it, with `_` allowed between digits."""
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "+-.0123456789":
            return text
        if _NOT_FINITE.fullmatch(text):
            raise self._error(event, f"the number {text}", "finite numbers")
        if _INTEGER.fullmatch(text):
            value = int(text.replace("_", ""), 0) if len(text) <= MAX_NUMBER_CHARACTERS else INTEGER_LIMIT
            if abs(value) >= INTEGER_LIMIT:
                raise self._error(event, f"the integer {text[:20]}...", "integers of 64 bits")
            return value
        if _FLOAT.fullmatch(text):
            number = float(text) if len(text) <= MAX_NUMBER_CHARACTERS else math.inf
            if math.isinf(number):
                raise self._error(event, f"the number {text[:20]}...", "numbers of double precision")
            return number
        return text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _height(value: Any) -> int:
    """Levels of containers in finished data."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(_height, children), default=0)


def _nearest_file(path: Path) -> str | None:
    try:
        nearest = nearest_name(path.name, (entry.name for entry in path.parent.iterdir()))
    except OSError:
        return None
    return None if nearest is None else str(path.parent / nearest)
