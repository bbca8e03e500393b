"""The files of a report: result, layers, bit allocation and figures, written completely or not at all.

Everything is first written into a hidden folder beside its destination, on the same file system, and renamed into
place when all of it is there. A run that fails or is interrupted leaves what was there before.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from accelsim.errors import InputError
from accelsim.report.summary import LayerRow, layer_rows
from accelsim.result import CAUSES, Result
from quant.allocation.file import LayerFormats, write_allocation

RESULT_NAME = "result.json"
LAYERS_NAME = "layers.csv"
ALLOCATION_NAME = "allocation.yaml"
OUTPUT_NAME = "output.npy"
_WHERE = "--out"
_ALLOWED = "a directory that exists or can be made"
FigureWriter = Callable[[Result, Path], object]


def check_output_directory(directory: Path) -> None:
    """Raise InputError when a report could not be written to `directory`: ask before a long run, not after it."""
    with staging_folder(directory):
        pass


def write_report(
    result: Result, directory: Path, *, plots: bool = True, output: npt.NDArray[np.float32] | None = None
) -> list[Path]:
    """Write the report of a result and return the paths; `plots` adds the figures as PNG and SVG, `output`
    is what a functional run computed.

    Files of the same names are replaced, others in `directory` are left alone. Raises InputError when the directory
    is a file or cannot be made or written.
    """
    if not plots:
        return _write(result, directory, output, [])
    from accelsim.report.figures import write_figures  # matplotlib: slow to import and only needed here

    return _write(result, directory, output, [write_figures])


def _write(
    result: Result, directory: Path, output: npt.NDArray[np.float32] | None, figures: Iterable[FigureWriter]
) -> list[Path]:
    with staging_folder(directory) as staging:
        (staging / RESULT_NAME).write_text(result.to_json() + "\n", encoding="utf-8")
        write_layers_csv(result, staging / LAYERS_NAME)
        write_allocation(allocation_of(result), staging / ALLOCATION_NAME)
        if output is not None:
            np.save(staging / OUTPUT_NAME, output)
        for write in figures:
            write(result, staging)
        return publish(staging, directory)


def allocation_of(result: Result) -> dict[str, LayerFormats]:
    """The formats that the run's array layers had: `--bits` takes them again."""
    return {
        layer.name: LayerFormats(layer.weight_format, layer.activation_format)
        for layer in result.layers
        if layer.peak_macs_per_cycle
    }


def write_layers_csv(result: Result, path: Path) -> None:
    """One line per layer in execution order; the header carries the units, an empty cell means `does not apply`."""
    rows = [_csv_row(row) for row in layer_rows(result)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _csv_row(row: LayerRow) -> dict[str, str | int]:
    layer, base = row.result, row.baseline
    cells: dict[str, str | int | float | None] = {
        "name": layer.name,
        "kind": layer.kind,
        "weight_bits": layer.weight_bits,
        "activation_bits": layer.activation_bits,
        "weight_format": layer.weight_format,
        "activation_format": layer.activation_format,
        "output_format": layer.output_format,
        "macs": layer.macs,
        "start_cycle": layer.start_cycle,
        "end_cycle": layer.end_cycle,
        "cycles": layer.cycles,
        "share_of_cycles_fraction": row.share,
        "compute_cycles": layer.compute_cycles,
        "peak_macs_per_cycle": layer.peak_macs_per_cycle,
        "utilisation_fraction": row.utilisation,
        "tiles": layer.tiles,
        "weight_bytes": layer.weight_bytes,
        "dram_read_bytes": layer.dram_read_bytes,
        "dram_write_bytes": layer.dram_write_bytes,
        "intensity_macs_per_byte": row.intensity,
        "bound": layer.bound,
        **{f"{cause}_cycles": layer.breakdown[cause] for cause in CAUSES},
        "baseline_cycles": base.cycles if base else None,
        "speedup_ratio": row.speedup,
    }
    return {name: _cell(value) for name, value in cells.items()}


def _cell(value: str | int | float | None) -> str | int:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


@contextmanager
def staging_folder(directory: Path) -> Iterator[Path]:
    """A hidden folder on the destination's file system, gone at the end whatever happens."""
    where = f"{_WHERE} {directory}"
    try:
        home = directory
        while not (home.exists() or home.is_symlink()):
            home = home.parent
        if not home.is_dir():
            raise InputError(where, f"{home} is not a directory", _ALLOWED)
        staging = Path(tempfile.mkdtemp(prefix=".report-", dir=home))
        try:
            yield staging
        finally:
            shutil.rmtree(staging)
    except OSError as error:
        raise InputError(where, f"cannot write there: {error.strerror}", _ALLOWED) from error


def publish(staging: Path, directory: Path) -> list[Path]:
    """Rename every staged file into `directory`, the result last: where it is new, the rest of the report is."""
    names = sorted((path.name for path in staging.iterdir()), key=lambda name: (name == RESULT_NAME, name))
    for name in names:
        if (directory / name).is_dir():
            raise InputError(f"{_WHERE} {directory}", f"{name} is a directory there", "a file or nothing")
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        os.replace(staging / name, directory / name)
    return [directory / name for name in names]
