"""A store's points as a file: CSV row by row, and Parquet made of it, so that a million points need no memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from accelsim.errors import InputError, nearest_name
from accelsim.explore.sweeps.rows import Row
from accelsim.explore.sweeps.store import Store
from accelsim.explore.sweeps.table import RECORD_FIELDS, record
from accelsim.result import CAUSES
from accelsim.workload.quant_errors import as_input_errors
from quant.files import check_output, replacing

_SUFFIXES = (".csv", ".parquet")


def export_points(store: Store, path: Path, workload: str | None = None) -> int:
    """Write all points, or a network's, completely or not at all, and say how many.

    InputError for another suffix, for a file that could not be written, and for Parquet without polars.
    """
    if path.suffix not in _SUFFIXES:
        found = f"found {path.suffix!r}" if path.suffix else "the name has no suffix"
        raise InputError(f"--out {path}", found, " or ".join(_SUFFIXES), nearest_name(path.suffix, _SUFFIXES))
    with as_input_errors(f"--out {path}"):
        check_output(path)
    with replacing(path) as partial:
        rows, parameters = store.rows(workload=workload), list(store.parameters(workload))
        if path.suffix == ".csv":
            return write_csv(rows, parameters, partial)
        polars = _polars()
        lines = partial.with_suffix(".csv")
        try:
            points = write_csv(rows, parameters, lines)
            polars.scan_csv(lines, infer_schema_length=None).sink_parquet(partial)
        finally:
            lines.unlink(missing_ok=True)
        return points


def write_csv(rows: Iterable[Row], parameters: Sequence[str], path: Path) -> int:
    """A line for each row; an empty cell is what does not apply. Returns how many."""
    columns = ["workload", "hardware", *parameters, *RECORD_FIELDS, *(f"cycles_{cause}" for cause in CAUSES)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=columns, lineterminator="\n")
        writer.writeheader()
        counted = _Counted(map(record, rows))
        writer.writerows(counted)
    return counted.count


class _Counted:
    """An iterator that knows how many it gave."""

    def __init__(self, items: Iterable[dict[str, Any]]) -> None:
        self._items, self.count = items, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for item in self._items:
            self.count += 1
            yield item


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise InputError("--out", "polars is not installed", "pip install 'dybit-accelsim[explore]', or .csv") from None
    return polars
