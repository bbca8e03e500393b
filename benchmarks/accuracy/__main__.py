"""Measure the accuracy table: `python -m benchmarks.accuracy`. A run that was stopped goes on where it was."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.accuracy import cells, report

# glibc gives large arrays back at once, and fetching their pages again costs a fifth of the time.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**33)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/accuracy"), help="results, checkpoints and report")
    parser.add_argument("--cache", type=Path, default=Path("reports/accuracy/data"), help="fetched data")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes, each with one thread")
    options = parser.parse_args()
    started = time.perf_counter()
    os.environ |= KEEP_MEMORY
    networks = [(task, seed) for task in cells.DATASETS for seed in cells.SEEDS]
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        for task in cells.DATASETS:
            cells.DATASETS[task](options.cache)  # fetched once, before the processes want it
        accuracies = _run(pool, "networks", cells.train_network, networks, options)
        measured = _run(pool, "cells", cells.measure, [(cell,) for cell in cells.all_cells()], options)
    results = report.Results(accuracies, {arguments[0]: found for arguments, found in measured.items()})
    report.write(results, options.out)
    Console().print(f"{(time.perf_counter() - started) / 60:.1f} minutes; report in {options.out}")


def _run(
    pool: ProcessPoolExecutor,
    what: str,
    function: Callable[..., Any],
    tasks: list[tuple[Any, ...]],
    options: argparse.Namespace,
) -> dict[tuple[Any, ...], Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    found = {}
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        shown = bar.add_task(what, total=len(tasks))
        futures = {pool.submit(function, *arguments, options.out, options.cache): arguments for arguments in tasks}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            bar.advance(shown)
    return {arguments: found[arguments] for arguments in tasks}


if __name__ == "__main__":
    main()
