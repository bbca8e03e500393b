"""How fast a sweep of ResNet-50 is on each executor, and what the driver costs beside it.

    python -m benchmarks.sweep_rate --points 200

Points are drawn at random from examples/spaces/resnet50_1000.yaml, the same for each executor, into a store of its own.
On a machine that others use, compare processor time; rates are back to back.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from accelsim import explore
from accelsim.explore.sweeps.space_file import Search

ROOT = Path(__file__).parents[1]
SPACE = ROOT / "examples" / "spaces" / "resnet50_1000.yaml"


def peak_megabytes(who: int) -> float:
    """The most memory that this process (or the largest of those that it started) has had."""
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def processor_seconds() -> float:
    """Of this process and of all that it started and that have ended: whatever keeps the cores busy."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Print a row for each executor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, help="a random sample of so many; default: all, in the order of the grid")
    parser.add_argument("--executors", default="process,dask")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    space = explore.load_space(SPACE)
    if arguments.points:
        search = Search(method="random", points=arguments.points)
        space = replace(space, file=space.file.model_copy(update={"search": search}))
    table = Table(
        "executor", "points", "wall [s]", "points/s", "all [CPU s]", "jobs [CPU s]", "driver [CPU s]", "driver / jobs"
    )
    for executor in arguments.executors.split(","):
        before = processor_seconds()
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "rate.sqlite"
            found = explore.sweep(space, store, executor=executor, workers=arguments.workers)
        spent = (processor_seconds() - before, found.simulation_seconds, found.driver_seconds)
        rate, share = found.computed / found.wall_seconds, found.driver_seconds / found.simulation_seconds
        cells = (f"{found.wall_seconds:.1f}", f"{rate:.1f}", *(f"{seconds:.1f}" for seconds in spent))
        table.add_row(executor, str(len(found.rows)), *cells, f"{share:.1%}")
    Console().print(table)
    memory = peak_megabytes(resource.RUSAGE_SELF), peak_megabytes(resource.RUSAGE_CHILDREN)
    print(f"peak memory: driver {memory[0]:.0f} MB, largest worker {memory[1]:.0f} MB")


if __name__ == "__main__":
    main()
