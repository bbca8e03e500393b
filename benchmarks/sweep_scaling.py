"""A sweep of 100,000 points through the real store and executor: what a point costs, and whether that grows.

    python -m benchmarks.sweep_scaling --points 100000

The network is one small layer, and most points share its run, so that the driver is what is measured. Prints, for each
tenth of the sweep, the points per second and the driver's processor time per point, then the size of store and driver,
and how fast the store answers.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from accelsim import explore
from accelsim.explore.sweeps.driver import State
from accelsim.explore.sweeps.space import Space
from accelsim.explore.sweeps.store import Store

_LAYER = """\
name: one
input: {name: image, shape: [16, 4, 4]}
layers:
- {name: a, kind: conv2d, input: image, out_channels: 16, kernel: 1}
"""
_PARTS = 10


class Clock:
    """Notes time, processor time and memory at each tenth."""

    def __init__(self, points: int) -> None:
        self._step = math.ceil(points / _PARTS)
        self.marks = [self._mark(0)]

    def __call__(self, state: State) -> None:
        """A watcher of the sweep."""
        if state.done % self._step == 0:
            self.marks.append(self._mark(state.done))

    @staticmethod
    def _mark(done: int) -> tuple[int, float, float, float]:
        return done, time.perf_counter(), time.process_time(), megabytes()


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def space_of(points: int, folder: Path) -> Space:
    """So many machines that differ in their decoders alone: the cheapest points there are."""
    (folder / "one.yaml").write_text(_LAYER, encoding="utf-8")
    latencies = math.ceil(math.sqrt(points))
    return explore.design_space(
        {
            "workloads": ["one.yaml"],
            "hardware": "zcu102",
            "vary": {
                "decoder.lanes": {"first": 1, "last": math.ceil(points / latencies), "step": 1},
                "decoder.latency_cycles": {"first": 1, "last": latencies, "step": 1},
            },
            "bits": ["w4a4"],
            "search": {"points": points},
        },
        folder,
    )


def progress_table(marks: list[tuple[int, float, float, float]]) -> Table:
    """A row for each tenth."""
    table = Table("points", "points/s", "driver\n[ms/point]", "driver memory\n[MB]")
    for before, after in pairwise(marks):
        points, seconds, processor = (after[i] - before[i] for i in range(3))
        table.add_row(f"{after[0]:,}", f"{points / seconds:,.0f}", f"{processor / points * 1e3:.3f}", f"{after[3]:.0f}")
    return table


def main() -> None:
    """Sweep, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--executor", default="process")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), Path(name) / "scaling.sqlite"
        clock = Clock(arguments.points)
        table = explore.sweep(space_of(arguments.points, folder), store, executor=arguments.executor, watcher=clock)
        console = Console()
        console.print(progress_table(clock.marks))
        per_point = store.stat().st_size / len(table.rows)
        print(f"{len(table.rows):,} points in {table.wall_seconds:.1f} s; store {per_point:.0f} bytes a point")
        print(f"jobs {table.simulation_seconds:.1f} s, driver {table.driver_seconds:.1f} s of processor time")
        print(f"driver's memory at the end, all rows read: {megabytes():.0f} MB")
        start = time.perf_counter()
        with Store(store) as opened:
            opening = time.perf_counter() - start
            best = opened.best("speedup", 10)
        asking = time.perf_counter() - start
        print(f"store opened in {opening * 1e3:.1f} ms, its {len(best)} best found in {asking:.2f} s")


if __name__ == "__main__":
    main()
