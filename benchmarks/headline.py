"""The paper's headline, up to 8.1 times the speed of the original ResNet-50, under each reading of "the original".

`python -m benchmarks.headline` writes the tables of docs/headline.md into the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.explore.codesign.errors import NoiseErrors
from accelsim.explore.codesign.problem import Freedom, parse_pins
from accelsim.explore.codesign.search import Codesign, Design
from accelsim.result import CAUSE_LABELS, CAUSES, RunResult
from accelsim.simulation import REFERENCES, ReferenceName, run_baseline, run_network
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import allocated_precision, resolve_precision
from benchmarks.markdown import replace_table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "headline.md"
TARGETS = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 8.1)
UNIFORM = ("w8a8", "w4a8", "w4a4", "w2a4", "w2a2")
MACHINES = {  # changes to the zcu102 preset, whose array is 32 x 32, with one DRAM channel and buffers of 1 MiB
    "zcu102": (),
    "array 16 x 16": ("array.rows=16", "array.cols=16"),
    "array 64 x 64": ("array.rows=64", "array.cols=64"),
    "array 128 x 128": ("array.rows=128", "array.cols=128"),
    "DRAM: 2 channels": ("dram.channels=2",),
    "DRAM: 4 channels": ("dram.channels=4",),
    "DRAM: ideal": ("dram.preset=ideal",),
    "buffers 256 KiB": tuple(f"buffers.{name}_bytes={2**18}" for name in ("weight", "input", "output")),
    "buffers 4 MiB": tuple(f"buffers.{name}_bytes={2**22}" for name in ("weight", "input", "output")),
    "decoders: 16 lanes": ("decoder.lanes=16",),
    "decoders: 8 lanes": ("decoder.lanes=8",),
    "64 x 64, 4 channels": ("array.rows=64", "array.cols=64", "dram.channels=4"),
}


def main() -> None:
    """Measure and write the page."""
    workload = load_workload(ROOT / "workloads" / "resnet50.yaml")
    hardware = load_hardware("zcu102")
    replace_table(PAGE, "targets", target_rows(workload, hardware))
    replace_table(PAGE, "causes", cause_rows(workload, hardware))
    replace_table(PAGE, "machines", machine_rows(workload, MACHINES))


def target_rows(workload: Workload, hardware: Hardware, targets: Sequence[float] = TARGETS) -> list[list[str]]:
    """The least error at each speed-up over each baseline, and at the highest there is."""
    found = search(workload, hardware)
    searches = [replace(found, baseline_cycles=_cycles(name, workload, hardware)) for name in REFERENCES]
    rows = [["speed-up asked for", *(f"over {name}: error, bits of weights and tensors" for name in REFERENCES)]]
    rows += [[f"{target:g}x", *(_at(against, target) for against in searches)] for target in targets]
    fastest = [against.fastest() for against in searches]
    return [*rows, ["the fastest", *(f"**{design.simulated_speedup:.2f}x**: {_mix(design)}" for design in fastest)]]


def cause_rows(workload: Workload, hardware: Hardware) -> list[list[str]]:
    """Where the cycles of the FP32 baseline, of one width for all, and of the fastest mix go."""
    baseline = run_baseline("fp32", workload, hardware)
    runs: list[tuple[str, RunResult]] = [("fp32", baseline)]
    runs += [(bits, run_network(workload, hardware, resolve_precision(workload, bits))) for bits in UNIFORM]
    runs.append(("the fastest mix", _run(workload, hardware, search(workload, hardware).fastest())))
    unpinned = replace(workload, pins={})
    runs.append(("w2a2, no pins", run_network(workload, hardware, resolve_precision(unpinned, "w2a2"))))
    runs.append(("the fastest, no pins", _run(workload, hardware, search(unpinned, hardware).fastest())))
    shown = [cause for cause in CAUSES if any(run.totals.breakdown[cause] for _, run in runs)]
    rows = [["run", "Mcycles", "speed-up", *(f"{CAUSE_LABELS[cause]} [%]" for cause in shown)]]
    for name, run in runs:
        cycles = run.totals.cycles
        shares = [f"{100 * run.totals.breakdown[cause] / cycles:.1f}" for cause in shown]
        rows.append([name, f"{cycles / 1e6:.3f}", f"{baseline.totals.cycles / cycles:.2f}x", *shares])
    return rows


def machine_rows(workload: Workload, machines: Iterable[str]) -> list[list[str]]:
    """The fastest mix of each machine over each baseline of its own, and which bound its cycles have."""
    rows = [
        ["machine", *(f"over {name}" for name in REFERENCES), "w4a4 over fp32", "w2a2 over fp32", "cycles bound by"]
    ]
    for label in machines:
        hardware = load_hardware("zcu102", MACHINES[label])
        found = search(workload, hardware)
        fastest = found.fastest()
        run = _run(workload, hardware, fastest)
        speedups = [_cycles(name, workload, hardware) / run.totals.cycles for name in REFERENCES]
        speedups += [found.uniform(bits).simulated_speedup for bits in (4, 2)]
        rows.append([label, *(f"{speedup:.2f}x" for speedup in speedups), _bounds(run)])
    return rows


def search(workload: Workload, hardware: Hardware) -> Codesign:
    """Against FP32, with widths 2, 4 and 8, and the workload's pins: first and last layer at 8 bits."""
    return Codesign.prepare(workload, hardware, Freedom(pins=parse_pins(workload, [])), NoiseErrors(workload))


def _cycles(baseline: ReferenceName, workload: Workload, hardware: Hardware) -> int:
    return run_baseline(baseline, workload, hardware).totals.cycles


def _at(found: Codesign, target: float) -> str:
    try:
        return _mix(found.for_speedup(target))
    except InputError:
        return "not reached"


def _mix(design: Design) -> str:
    tensors = [int(pair.activations.removeprefix("dybit")) for pair in design.allocation.values()]
    return f"{design.error:.2f}, {design.average_bits:.2f}, {sum(tensors) / len(tensors):.2f}"


def _run(workload: Workload, hardware: Hardware, design: Design) -> RunResult:
    return run_network(workload, hardware, allocated_precision(workload, design.allocation, "fastest"))


def _bounds(run: RunResult) -> str:
    """The share of the run's cycles in layers of each bound, the largest first."""
    shares: dict[str, int] = {}
    for layer in run.layers:
        shares[layer.bound] = shares.get(layer.bound, 0) + layer.cycles
    ranked = sorted(shares.items(), key=lambda share: -share[1])
    return ", ".join(f"{name} {cycles / sum(shares.values()):.0%}" for name, cycles in ranked if cycles)


if __name__ == "__main__":
    main()
