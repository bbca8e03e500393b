"""Measured sensitivities as a JSON file. `docs/sensitivity.md` has the schema."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from quant.errors import FileError, QuantError
from quant.files import replacing
from quant.sensitivity import Measured, Sensitivity

SCHEMA_VERSION = 1


def document(sensitivity: Sensitivity) -> dict[str, Any]:
    """The file as a dictionary; of each format what was measured."""
    choices = [
        {key: value for key, value in asdict(choice).items() if value is not None}
        | {"formats": {name: _taken(measured) for name, measured in choice.formats.items()}}
        for choice in sensitivity.choices
    ]
    return {"schema_version": SCHEMA_VERSION, **asdict(sensitivity), "choices": choices}


def save_sensitivity(sensitivity: Sensitivity, path: Path) -> None:
    """Write the file, which appears when it is whole. Raises OSError."""
    text = json.dumps(document(sensitivity), indent=1, ensure_ascii=False)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def load_sensitivity(path: Path) -> Sensitivity:
    """What `save_sensitivity` wrote.

    Raises FileError, with the place in the file, for what cannot be read, is no JSON, has other keys or types, another
    version, numbers that are not finite, unknown formats, or a layer twice.
    """
    from pydantic import TypeAdapter, ValidationError

    where = str(path)
    try:
        content = json.loads(path.read_bytes())
        version = content.pop("schema_version", None) if isinstance(content, dict) else None
        if version != SCHEMA_VERSION:
            raise FileError(
                f"schema version {version}", f"{SCHEMA_VERSION}, as `quant sensitivity` writes", where=where
            )
        return TypeAdapter(Sensitivity).validate_json(json.dumps(content))
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", "a file of `quant sensitivity`", where=where) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise FileError(f"{place}: {first['msg']}" if place else first["msg"], where=where) from None
    except QuantError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileError(f"is no JSON: {error}", "a file of `quant sensitivity`", where=where) from None


def _taken(measured: Measured) -> dict[str, float]:
    return {name: value for name, value in asdict(measured).items() if value is not None}
