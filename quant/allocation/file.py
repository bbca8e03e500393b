"""A bit allocation: for each layer the format of its weights and of its input, by name.

Its file maps layer names to `{weights: dybit4, activations: dybit8}`, in YAML or JSON (which YAML contains). Nothing in
it is constructed: of the YAML nodes only the text of the scalars is taken.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from quant.errors import DataError, FileError, FormatError
from quant.files import replacing
from quant.formats import get_format

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml: slower, same nodes
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_FILE_BYTES = 2**20

_FORM = "layer name -> {weights: dybit4, activations: dybit8}"
_ROLES = ("weights", "activations")
_LISTED = 5  # names in a message


@dataclass(frozen=True)
class LayerFormats:
    """Names of the formats of a layer's weights and of its input, and the place that asks for them (`mix.yaml:3`)."""

    weights: str
    activations: str
    where: str = field(default="", compare=False)


def read_allocation(path: Path) -> dict[str, LayerFormats]:
    """The formats by layer, in the order of the file.

    Raises FileError, with file and line, for whatever is wrong: not readable, over 1 MiB, not YAML, another form, a
    layer or a key twice, an unknown format.
    """
    root = _compose(path)
    if not isinstance(root, yaml.MappingNode):
        raise FileError("is not a mapping" if root else "is empty", _FORM, where=_where(path, root))
    allocation: dict[str, LayerFormats] = {}
    for name, key, value in _entries(path, root):
        if name in allocation:
            first = allocation[name].where
            raise FileError(f"layer {name!r} appears twice, first in {first}", "every layer once", where=key)
        allocation[name] = _layer(path, name, key, value)
    return allocation


def write_allocation(allocation: Mapping[str, LayerFormats], path: Path) -> None:
    """Write the file, a line for each layer: JSON if its name ends so, else YAML. It appears when it is whole.

    Raises FormatError for an unknown format, OSError.
    """
    for formats in allocation.values():
        get_format(formats.weights), get_format(formats.activations)
    with replacing(path) as partial:
        partial.write_text(allocation_text(allocation, as_json=path.suffix == ".json"), encoding="utf-8")


def allocation_text(allocation: Mapping[str, LayerFormats], *, as_json: bool = False) -> str:
    """What `write_allocation` writes."""
    entries = {name: {role: asdict(formats)[role] for role in _ROLES} for name, formats in allocation.items()}
    if as_json:
        return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
    return yaml.safe_dump(entries, sort_keys=False, default_flow_style=None, allow_unicode=True, width=1000)


def check_layers(allocation: Mapping[str, LayerFormats], layers: Iterable[str], whose: str = "the model") -> None:
    """Raise DataError unless the allocation names exactly these layers of `whose`."""
    names = list(layers)
    unknown = [name for name in allocation if name not in names]
    if unknown:
        nearest = difflib.get_close_matches(unknown[0], names, n=1)
        found = f"no layer {_listed(unknown)} in {whose}"
        where = allocation[unknown[0]].where
        raise DataError(found, f"one of {_listed(names)}", nearest[0] if nearest else None, where=where)
    missing = [name for name in names if name not in allocation]
    if missing:
        raise DataError(f"no formats for {_listed(missing)}", f"an entry for every layer of {whose}")


def _compose(path: Path) -> yaml.Node | None:
    """The file as YAML nodes. Nesting is bounded first, since composing recurses."""
    text = _text(path)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > 2:
                assert event.start_mark is not None
                raise FileError("nested too deeply", _FORM, where=f"{path}:{event.start_mark.line + 1}")
        root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise FileError(f"not valid YAML: {problem}", where=f"{path}:{mark.line + 1}" if mark else str(path)) from None
    except yaml.YAMLError:
        raise FileError("not valid YAML: it contains control or other special characters", where=str(path)) from None
    return root


def _text(path: Path) -> str:
    where = str(path)
    try:
        if path.exists() and not path.is_file():
            raise FileError("is not a regular file", "a YAML or JSON file", where=where)
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileError:
        raise
    except FileNotFoundError:
        raise FileError("no such file", nearest=_nearest_file(path), where=where) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise FileError(f"cannot be read: {getattr(error, 'strerror', error)}", where=where) from None
    if len(content) > MAX_FILE_BYTES:
        raise FileError("is longer than 1 MiB", f"at most {MAX_FILE_BYTES} bytes", where=where)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"byte {error.start} is not UTF-8 text", "a YAML or JSON file", where=f"{path}:{line}"
        ) from None


def _layer(path: Path, name: str, where: str, node: yaml.Node) -> LayerFormats:
    if not isinstance(node, yaml.MappingNode):
        raise FileError(f"layer {name!r} is not a mapping", _FORM, where=where)
    found: dict[str, str] = {}
    for role, place, value in _entries(path, node):
        if role not in _ROLES:
            nearest = difflib.get_close_matches(role, _ROLES, n=1)
            raise FileError(f"{name}: unknown key {role!r}", ", ".join(_ROLES), *nearest, where=place)
        if role in found:
            raise FileError(f"{name}: key {role!r} appears twice", "every key once", where=place)
        found[role] = _format_name(path, name, value)
    missing = [role for role in _ROLES if role not in found]
    if missing:
        raise FileError(f"{name}: {' and '.join(missing)} missing", _FORM, where=where)
    return LayerFormats(**found, where=where)


def _format_name(path: Path, name: str, node: yaml.Node) -> str:
    text = _scalar(node)
    if text is None:
        raise FileError(f"{name}: a format that is no text", _FORM, where=_where(path, node))
    try:
        return get_format(text).name
    except FormatError as error:
        raise FileError(error.found, error.allowed, error.nearest, where=_where(path, node)) from None


def _entries(path: Path, node: yaml.MappingNode) -> Iterable[tuple[str, str, yaml.Node]]:
    """Key, its place and value of each entry of a mapping."""
    for key, value in node.value:
        text = _scalar(key)
        if text is None:
            raise FileError("a key that is not plain text", _FORM, where=_where(path, key))
        yield text, _where(path, key), value


def _scalar(node: yaml.Node) -> str | None:
    plain = isinstance(node, yaml.ScalarNode) and node.tag.startswith("tag:yaml.org,2002:")
    return str(node.value) if plain and node.tag != "tag:yaml.org,2002:binary" else None


def _where(path: Path, node: yaml.Node | None) -> str:
    return f"{path}:{node.start_mark.line + 1}" if node and node.start_mark else str(path)


def _nearest_file(path: Path) -> str | None:
    try:
        nearest = difflib.get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1)
    except OSError:
        return None
    return str(path.with_name(nearest[0])) if nearest else None


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
