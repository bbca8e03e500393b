"""The error tree of `quant`: each one says what was found, what is allowed and, for a mistyped name, the nearest."""

from __future__ import annotations


class QuantError(ValueError):
    """What was handed in is wrong. `where` (file and line), `found`, `allowed` and `nearest` make up the message."""

    def __init__(self, found: str, allowed: str = "", nearest: str | None = None, *, where: str = "") -> None:
        self.found, self.allowed, self.nearest, self.where = found, allowed, nearest, where
        message = f"{where}: {found}" if where else found
        if nearest:
            message += f"; did you mean {nearest!r}?"
        if allowed:
            message += f" (allowed: {allowed})"
        super().__init__(message)


class FormatError(QuantError):
    """An unknown number format, or a question that the format cannot answer."""


class DataError(QuantError):
    """Numbers that no format can hold: NaN, a scale that is not positive, a code out of range, a shape that is off."""


class FileError(QuantError):
    """A file that cannot be read, or is not what it says it is."""
