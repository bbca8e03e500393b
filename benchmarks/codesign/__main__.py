"""Codesign in the loop with accuracy: `python -m benchmarks.codesign`. A run that was stopped goes on where it was."""

from __future__ import annotations

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from accelsim.explore.codesign.accuracy import InTheLoop
from benchmarks.accuracy.__main__ import KEEP_MEMORY
from benchmarks.codesign import report
from benchmarks.codesign.tasks import TASKS, Task, measure


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.codesign", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/codesign"), help="results, checkpoints and report")
    parser.add_argument("--cache", type=Path, default=Path("reports/accuracy/data"), help="fetched data")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes, each with one thread")
    options = parser.parse_args()
    os.environ |= KEEP_MEMORY
    results = {}
    for task in TASKS.values():
        results[task.name] = _run(task, options).document()
        report.write(results, options.out)
    Console().print(f"report in {options.out}")


def _run(task: Task, options: argparse.Namespace) -> InTheLoop:
    """Measure the designs side by side; then put together what is there."""
    designs = task.designs(options.out, options.cache)
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(measure, task.name, design, options.out, options.cache) for design in designs]
        measured = [job.result() for job in track(jobs, task.name, console=Console(stderr=True))]
    return InTheLoop.of(measured, task.meter(options.out, options.cache), task.within_points)


if __name__ == "__main__":
    main()
