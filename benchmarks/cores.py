"""An image on each core against one image split over them: what each does to latency, throughput and the DRAM.

`python -m benchmarks.cores` writes the table of docs/cores.md into the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from accelsim.config.hardware import Detail
from accelsim.config.presets import load_hardware
from accelsim.result import CAUSES, RunResult, Totals
from accelsim.simulation import run_network
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision
from benchmarks.markdown import replace_table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "cores.md"
#: Cores, and how many of them share an image.
TEAMS = ((1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4))
#: Bits, and changes to the zcu102 preset.
MACHINES = {
    "w4a4": ("w4a4", ()),
    "w8a8": ("w8a8", ()),
    "w4a4, DRAM of 4 channels": ("w4a4", ("dram.channels=4", "interconnect.bytes_per_cycle=256")),
}
#: Causes that the table shows, under which heading.
SHOWN = {
    "array busy [%]": ("computing", "fill_drain", "wait_decoder"),
    "waits for weights [%]": ("wait_weights",),
    "for inputs [%]": ("wait_inputs",),
    "for room or vector unit [%]": ("wait_output_space", "wait_vector_unit"),
    "idle [%]": ("idle",),
}
assert sorted(sum(SHOWN.values(), ())) == sorted(CAUSES)


def main() -> None:
    """Measure and write the page."""
    replace_table(PAGE, "cores", rows(MACHINES))


def rows(machines: Iterable[str], teams: Sequence[tuple[int, int]] = TEAMS) -> list[list[str]]:
    """ResNet-50 on each of these machines with every team of cores; the latency at the fine level, too."""
    found = [["bits", "cores", "per image", "latency [ms]", "fine [ms]", "frames/s", "MB a frame", "GB/s", *SHOWN]]
    for label in machines:
        for team in teams:
            fine = _run(label, *team, "fine").totals.seconds
            latency, *others = _numbers(_run(label, *team, "transaction"))
            found.append([label, *map(str, team), latency, f"{fine * 1e3:.2f}", *others])
    return found


def _run(label: str, cores: int, cores_per_image: int, detail: Detail) -> RunResult:
    bits, changes = MACHINES[label]
    hardware = load_hardware("zcu102", [*changes, f"cores={cores}", f"cores_per_image={cores_per_image}"])
    workload = load_workload(ROOT / "workloads" / "resnet50.yaml")
    return run_network(workload, hardware, resolve_precision(workload, bits), detail=detail)


def _numbers(run: RunResult) -> list[str]:
    totals = run.totals
    moved = totals.dram_read_bytes + totals.dram_write_bytes
    return [
        f"{totals.seconds * 1e3:.2f}",
        f"{totals.images / totals.seconds:.0f}",
        f"{moved / totals.images / 1e6:.1f}",
        f"{moved / totals.seconds / 1e9:.1f}",
        *(_percent(totals, causes) for causes in SHOWN.values()),
    ]


def _percent(totals: Totals, causes: Iterable[str]) -> str:
    return f"{100 * sum(totals.breakdown[cause] for cause in causes) / totals.cycles:.0f}"


if __name__ == "__main__":
    main()
