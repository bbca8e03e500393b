"""The one error tree of the simulator.

`InputError` is the user's to mend (exit code 2); every other `AccelSimError` is a failed run (exit code 1).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TypeVar

Name = TypeVar("Name", bound=str)


class AccelSimError(Exception):
    """A run that failed; the message is written for the person who must act."""

    exit_code = 1


class SimulationError(AccelSimError):
    """The model reached a state that silicon could not: a deadlock, an overfull buffer, a broken protocol."""


class InputError(AccelSimError):
    """What the user handed in is wrong: one message that says where, what was found and what is allowed.

    `where` is a file and line (`net.yaml:12`), an option (`--set array.rowz`) or a block's path
    (`accelerator.dram`); `found` is what stood there; `allowed` says what may stand there; `nearest` is the closest
    valid name, when a name was mistyped.
    """

    exit_code = 2

    def __init__(self, where: str, found: str, allowed: str = "", nearest: str | None = None) -> None:
        super().__init__(where, found, allowed, nearest)  # as they came: SimPy and pickle make the error again of them
        self.where, self.found, self.allowed, self.nearest = where, found, allowed, nearest

    def __str__(self) -> str:
        message = f"{self.where}: {self.found}"
        if self.nearest:
            message += f"; did you mean {self.nearest!r}?"
        if self.allowed:
            message += f" (allowed: {self.allowed})"
        return message


class MappingError(InputError):
    """A layer has no tiling that fits the buffers."""


def nearest_name(name: str, valid: Iterable[str]) -> str | None:
    """The valid name closest to `name`, or None when nothing is close."""
    matches = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)
    return matches[0] if matches else None


def one_of(option: str, name: str, allowed: Sequence[Name]) -> Name:
    """The allowed name that an option has. Raises InputError for another."""
    for candidate in allowed:
        if candidate == name:
            return candidate
    raise InputError(option, f"found {name!r}", ", ".join(allowed), nearest_name(name, allowed))
