"""A cost table as a file: `.npy` in the layout of HAQ's lookup tables, or `.csv` with a line for each number."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accelsim.errors import InputError, nearest_name
from accelsim.explore.cost_table import CostTable
from accelsim.workload.formats import MAX_BITS
from accelsim.workload.quant_errors import as_input_errors
from quant.files import check_output, replacing

CSV_COLUMNS = ("layer", "weight_bits", "activation_bits", "cycles")
#: Stands in HAQ's layout where a pair was not simulated.
NOT_SIMULATED = -1
_SUFFIXES = {".npy": "HAQ's layout", ".csv": "a line for each number"}


def check_cost_file(path: Path) -> None:
    """Raise InputError when a table could not be written to `path`: ask before the runs, not after them."""
    where = f"--out {path}"
    if path.suffix not in _SUFFIXES:
        found = f"found {path.suffix!r}" if path.suffix else "the name has no suffix"
        allowed = " or ".join(f"{suffix} ({meaning})" for suffix, meaning in _SUFFIXES.items())
        raise InputError(where, found, allowed, nearest_name(path.suffix, _SUFFIXES))
    with as_input_errors(where):
        check_output(path)


def write_cost_table(table: CostTable, path: Path) -> None:
    """Write the table in the layout of the suffix, completely or not at all; InputError as `check_cost_file`."""
    check_cost_file(path)
    with replacing(path) as partial:
        if path.suffix == ".npy":
            with partial.open("wb") as file:  # np.save would add a suffix to a name
                np.save(file, haq_layout(table))
        else:
            _write_csv(table, partial)


def haq_layout(table: CostTable) -> NDArray[np.int64]:
    """Cycles as HAQ looks them up, `[layer, weight bits - 1, activation bits - 1]`: int64 of shape (layers, 8, 8).

    -1 where a pair was not simulated, and so at 1 bit, which DyBit does not have. The overhead is not in it.
    Source: github.com/mit-han-lab/haq, `lib/env/linear_quantize_env.py` and the table in `lib/simulator/lookup_tables`.
    """
    layout = np.full((len(table.layers), MAX_BITS, MAX_BITS), NOT_SIMULATED, dtype=np.int64)
    rows, columns = np.array(table.weight_widths) - 1, np.array(table.activation_widths) - 1
    layout[:, rows[:, np.newaxis], columns] = table.cycles
    return layout


def _write_csv(table: CostTable, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for layer, row, column in np.ndindex(table.cycles.shape):
            pair = (table.weight_widths[row], table.activation_widths[column])
            writer.writerow([table.layers[layer], *pair, table.cycles[layer, row, column]])
