"""What `quant` finds wrong, told as the simulator tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from accelsim.errors import InputError
from quant import QuantError


@contextmanager
def as_input_errors(where: str) -> Iterator[None]:
    """Turn a QuantError into an InputError at the place that it names, or else at `where`."""
    try:
        yield
    except QuantError as error:
        raise InputError(error.where or where, error.found, error.allowed, error.nearest) from None
