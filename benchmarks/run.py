"""How long a run takes: whole processes with repeats, their peak memory, and SimPy events per second.

Nothing is asserted: compare the numbers with those of the same machine before a change. `--repeats N` (default 3).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
Step = TypeVar("Step")
MAIN_JOB = ROOT / "workloads" / "resnet50.yaml"


def commands(figures: str) -> dict[str, list[str]]:
    """What is timed, by name: the main job without and with figures, the help page, and the other networks."""
    jobs = {
        "help": ["--help"],
        "resnet50": ["run", str(MAIN_JOB), "--no-plots"],
        "resnet50 with figures": ["run", str(MAIN_JOB), "--out", figures],
    }
    others = sorted(path for path in MAIN_JOB.parent.glob("*.yaml") if path != MAIN_JOB)
    return jobs | {path.stem: ["run", str(path), "--no-plots"] for path in others}


def timed_process(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak resident MB of one `python -m accelsim` process, start to finish."""
    command = [sys.executable, "-m", "accelsim", *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)  # the usage of this child alone; getrusage has the largest of all
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def processes_table(repeats: int) -> Table:
    """One row per command."""
    table = Table("process", *(f"{name}\n[s]" for name in ("min", "median", "max")), "peak memory\n[MB]")
    _align_right(table)
    with tempfile.TemporaryDirectory() as figures:
        for name, arguments in _tracked(commands(figures).items(), "timing"):
            runs = [timed_process(arguments) for _ in range(repeats)]
            seconds = [run[0] for run in runs]
            spread = min(seconds), statistics.median(seconds), max(seconds)
            table.add_row(name, *(f"{value:.2f}" for value in spread), f"{max(run[1] for run in runs):.0f}")
    return table


def events_table(repeats: int) -> Table:
    """The main job in this process, run and baseline together: mapping and simulation, no start-up and no report."""
    # Not before: a process started from here counts this one's memory as its own until it runs its program.
    from accelsim.config.presets import load_hardware
    from accelsim.simulation import simulate
    from accelsim.workload.loader import load_workload

    workload = load_workload(MAIN_JOB)
    hardware = load_hardware(workload.hardware)
    seconds = []
    for _ in _tracked(range(repeats), "simulating"):
        start = time.perf_counter()
        result = simulate(workload, hardware)
        seconds.append(time.perf_counter() - start)
    events, best = sum(run.events for run in (result, result.baseline) if run), min(seconds)
    table = Table("simulate, in this process", "min\n[s]", "events", "events per second\n[1/s]")
    _align_right(table)
    table.add_row("resnet50 and its baseline", f"{best:.2f}", f"{events:,}", f"{events / best:,.0f}")
    return table


def _tracked(steps: Collection[Step], what: str) -> Iterable[Step]:
    """The steps, under a progress bar on standard error."""
    return track(steps, what, transient=True, console=Console(stderr=True))


def _align_right(table: Table) -> None:
    for column in table.columns[1:]:
        column.justify = "right"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="processes per row")
    repeats = max(1, parser.parse_args().repeats)
    console = Console()
    console.print(processes_table(repeats), events_table(repeats), sep="\n")


if __name__ == "__main__":
    main()
