"""Numbers kept on disk under a key that says what they follow from, so that what has changed is measured again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

from quant.errors import DataError
from quant.files import replacing


def content_key(*parts: str | bytes) -> str:
    """The SHA-256 of the parts and of where each ends, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


class ContentCache:
    """A folder with a JSON file of named numbers for each key; without a folder, a cache that keeps nothing.

    Each file appears when it is whole. Raises DataError for a folder that is a file, OSError where it cannot be made.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is None:
            return
        if folder.exists() and not folder.is_dir():
            raise DataError("is not a directory", "a directory that exists or can be made", where=f"--cache {folder}")
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, key: str) -> dict[str, float]:
        """The numbers under a key; none if there are none, or if the file is damaged."""
        if self._folder is None:
            return {}
        try:
            found = json.loads((self._folder / f"{key}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        whole = isinstance(found, dict) and all(
            isinstance(value, int | float) and math.isfinite(value) for value in found.values()
        )
        return {name: float(value) for name, value in found.items()} if whole else {}

    def write(self, key: str, numbers: Mapping[str, float]) -> None:
        """Keep the numbers under a key, in place of what is there. Raises OSError."""
        if self._folder is not None:
            with replacing(self._folder / f"{key}.json") as partial:
                partial.write_text(json.dumps(dict(numbers)), encoding="utf-8")
