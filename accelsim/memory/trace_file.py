"""Traces of memory transactions as CSV: one transaction a line, in the order in which they are handed in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from accelsim.config.schema import shortened
from accelsim.errors import InputError

COLUMNS = ("initiator", "address", "bytes", "op")
MAX_BYTES = 2**30  # of one transaction: far beyond any DMA burst, low enough that a typing error ends
MAX_ADDRESS = 2**64


class Access(NamedTuple):
    """One transaction: who asks, first byte, length in bytes, and whether it writes."""

    initiator: str
    address: int
    size_bytes: int
    is_write: bool


def read_trace(path: Path) -> Iterator[Access]:
    """The transactions of a trace, read as they are needed; the columns of the file are those of `COLUMNS`.

    InputError names file and line: no such file, not UTF-8, another header, a wrong number of fields, an address that
    is not hexadecimal, a size that is no whole number from 1 on, an op other than R and W.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from parse_trace(file, str(path))
    except OSError as error:
        raise InputError(str(path), error.strerror or "cannot be read", "a CSV file") from None
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8: {error.reason}", "a CSV file in UTF-8") from None


def parse_trace(lines: Iterable[str], label: str) -> Iterator[Access]:
    """The transactions in the lines of a trace; `label` is the file's name in messages."""
    reader = csv.reader(lines, strict=True)
    writes = {"R": False, "W": True}
    row: list[str] = []
    try:
        header = next(reader, None)
        if header != list(COLUMNS):
            found = "is empty" if header is None else f"found {shortened(','.join(header))}"
            raise InputError(f"{label}:1", found, f"the header {','.join(COLUMNS)}")
        for row in reader:
            initiator, hexadecimal, size, op = row
            address, size_bytes = int(hexadecimal, 16), int(size)
            if not (initiator and 0 <= address < MAX_ADDRESS and 0 < size_bytes <= MAX_BYTES):
                raise ValueError
            yield Access(initiator, address, size_bytes, writes[op])
    except UnicodeDecodeError:  # a ValueError, too
        raise
    except (ValueError, KeyError):
        raise _wrong(f"{label}:{reader.line_num}", row) from None
    except csv.Error as error:
        raise InputError(f"{label}:{reader.line_num}", f"not CSV: {error}", ",".join(COLUMNS)) from None


def trace_text(accesses: Iterable[Access]) -> str:
    """Transactions as the text of a trace file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((who, f"{address:#x}", size, "RW"[is_write]) for who, address, size, is_write in accesses)
    return text.getvalue()


def _wrong(where: str, row: list[str]) -> InputError:
    """What is wrong with a line that could not be read."""
    if len(row) != len(COLUMNS):
        return InputError(where, f"found {len(row)} fields", f"{len(COLUMNS)}: {', '.join(COLUMNS)}")
    initiator, address, size, op = row
    if not initiator:
        return InputError(where, "initiator: found nothing", "a name")
    if not _is_number(address, 16, 0, MAX_ADDRESS - 1):
        return InputError(where, f"address: found {shortened(address)}", "hexadecimal, 0 to ffffffffffffffff")
    if not _is_number(size, 10, 1, MAX_BYTES):
        return InputError(where, f"bytes: found {shortened(size)}", f"a whole number from 1 to {MAX_BYTES}")
    return InputError(where, f"op: found {shortened(op)}", "R or W")


def _is_number(text: str, base: int, least: int, most: int) -> bool:
    try:
        return least <= int(text, base) <= most
    except ValueError:
        return False
