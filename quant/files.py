"""Files appear under their name when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quant.errors import DataError


def check_output(path: Path, *, is_directory: bool = False) -> None:
    """Raise DataError where `path` could not be written: ask before a long search, not after it.

    A file needs the directory that it is to be in; a directory is made with all above it.
    """
    where = f"--out {path}"
    if not is_directory and (path.is_dir() or not path.parent.is_dir()):
        found = "is a directory" if path.is_dir() else f"there is no directory {path.parent}"
        raise DataError(found, "a file in a directory that exists", where=where)
    home = next(place for place in (path, *path.parents) if place.exists())
    if is_directory and not home.is_dir():
        raise DataError(f"{home} is not a directory", "a directory that exists or can be made", where=where)
    if not os.access(home if home.is_dir() else home.parent, os.W_OK):
        raise DataError(f"cannot write to {home}", "a directory that one may write to", where=where)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name to write to, beside `path`, which then takes the place of `path`; removed if writing fails."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
