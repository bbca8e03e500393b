"""What several cores on one image bring, and what they cost: docs/timing-model.md, "Several cores"."""

from __future__ import annotations

from itertools import pairwise

import pytest

from accelsim.analytic.compute import array_cycles, array_shape
from accelsim.analytic.estimate import estimated_run_cycles
from accelsim.config.presets import load_hardware
from accelsim.explore.sweeps.jobs import Job, planned
from accelsim.functional.run import FunctionalRun
from accelsim.result import RunResult
from accelsim.simulation import dram_of, dram_peak_bytes_per_second, run_network, simulate
from accelsim.workload.layers import Gemm, Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

LAYERS = 4
CONVOLUTIONS = parse_workload(
    "\n".join(
        ["name: chain", "input: {name: c0, shape: [64, 56, 56]}", "layers:"]
        + [
            f"  - {{name: {name}, input: {before}, kind: conv2d, out_channels: 64, kernel: 3, padding: 1}}"
            for before, name in pairwise(f"c{index}" for index in range(LAYERS + 1))
        ]
    )
)
#: 16.8 MB of weights at 8 bits, 8.4 at 4, each used once.
LINEAR = parse_workload(
    """
name: wide
input: {name: x, shape: [4096, 1, 1]}
layers:
  - {name: a, kind: linear, input: x, out_channels: 4096}
  - {name: b, kind: linear, input: a, out_channels: 4096}
"""
)
FAST_MEMORY = ("dram.preset=ideal", "interconnect.bytes_per_cycle=4096", "vector.lanes=1024")


def run(workload: Workload, cores: int, *overrides: str) -> RunResult:
    """All cores on one image, at w4a4."""
    hardware = load_hardware("zcu102", [*overrides, f"cores={cores}", f"cores_per_image={cores}"])
    return run_network(workload, hardware, resolve_precision(workload, "w4a4"))


def share_of_cycles(run: RunResult, *causes: str) -> float:
    return sum(run.totals.breakdown[cause] for cause in causes) / run.totals.cycles


@pytest.mark.parametrize("cores", [2, 4])
def test_what_the_array_binds_is_nearly_as_many_times_as_fast(cores: int) -> None:
    """By rows: no core is faster than its array on 56 / N rows of each layer.

    What does not overlap, at 4096 bytes a cycle, is the first tile in (about 30 KB a core), the last one through the
    vector unit and out, and the last layer's 32-bit result: at most 400 cycles of the 7246 that four cores take.
    """
    found = run(CONVOLUTIONS, cores, *FAST_MEMORY)
    array = load_hardware("zcu102").array
    rows = 56 // cores
    gemm = Gemm(groups=1, pixels=rows * 56, reduction=576, outputs=64, rows=rows, kernel=(3, 3))
    least = array_cycles(gemm, array_shape(array, 4, 4), array.dataflow, shadow_registers=True).total
    assert LAYERS * least <= found.totals.cycles <= LAYERS * (least + 400)
    assert all(layer.macs <= layer.compute_cycles * layer.peak_macs_per_cycle for layer in found.layers)
    assert found.totals.macs == CONVOLUTIONS.macs


def test_what_the_dram_binds_gains_little_and_says_so() -> None:
    """64 * 64 folds of 64 cycles are 262 144 a layer on one array, 65 536 on four.

    But 8.4 MB of weights a layer take 147 500 cycles at the peak of 56.9 bytes, however many cores fetch them.
    """
    one, four = run(LINEAR, 1), run(LINEAR, 4)
    hardware = load_hardware("zcu102")
    peak = dram_peak_bytes_per_second(hardware, dram_of(hardware))
    assert peak is not None
    bus_cycles = 2 * 4096 * 4096 // 2 / (peak / hardware.clock_hz)
    assert one.totals.cycles >= 2 * 262_144
    assert four.totals.cycles >= bus_cycles > 2 * 4 * 65_536 / 2
    assert share_of_cycles(one, "wait_weights") < 0.05 < 0.25 < share_of_cycles(four, "wait_weights")


def test_images_contend_and_say_so() -> None:
    """Four cores that each fetch the weights of an image of their own want four times the 147 500 cycles of the bus."""
    precision = resolve_precision(LINEAR, "w4a4")
    one = run_network(LINEAR, load_hardware("zcu102"), precision)
    four = run_network(LINEAR, load_hardware("zcu102", ["cores=4"]), precision)
    assert four.totals.images == 4
    assert four.totals.dram_read_bytes == 4 * one.totals.dram_read_bytes
    assert four.totals.cycles > 2 * 4 * 147_000
    assert share_of_cycles(four, "wait_weights") > 0.5


def test_waiting_for_other_cores_is_idle_and_one_core_never_is() -> None:
    one, four = run(CONVOLUTIONS, 1), run(CONVOLUTIONS, 4)
    assert one.totals.breakdown["idle"] == 0
    assert four.totals.breakdown["idle"] > 0
    assert four.layers[0].breakdown["idle"] == 0  # the image is there


@pytest.mark.parametrize("workload", [CONVOLUTIONS, LINEAR], ids=lambda workload: str(workload.name))
def test_every_core_moves_its_part_and_all_count(workload: Workload) -> None:
    found = run(workload, 4)
    moved = [found.statistics[f"core{core}"]["output_dma"]["write_bytes"] for core in range(4)]
    assert min(moved) > 0
    assert sum(moved) == found.totals.dram_write_bytes == sum(layer.dram_write_bytes for layer in found.layers)
    assert found.totals.images == 1


def test_a_sweep_shares_plans_between_numbers_of_images_but_not_of_cores_for_each() -> None:
    one, two, split = (
        planned(Job("key", "chain", load_hardware("zcu102", overrides), "w4a4"))
        for overrides in ([], ["cores=2"], ["cores=2", "cores_per_image=2"])
    )
    assert one == two != split


def test_the_closed_form_gives_each_core_an_equal_part() -> None:
    precision = resolve_precision(CONVOLUTIONS, "w4a4")
    alone, split = (
        estimated_run_cycles(CONVOLUTIONS, load_hardware("zcu102", overrides), precision, float("inf"))
        for overrides in ([], ["cores=4", "cores_per_image=4"])
    )
    assert split == alone / 4


@pytest.mark.parametrize("detail", ["transaction", "fine"])
def test_values_are_those_of_the_reference(detail: str) -> None:
    """At either level; whatever a core reads too early would be zeros."""
    hardware = load_hardware("zcu102", ["cores=3", "cores_per_image=3", "array.rows=8", "array.cols=8"])
    workload = parse_workload(
        """
name: mixed
input: {name: image, shape: [5, 13, 13]}
layers:
  - {name: a, kind: conv2d, input: image, out_channels: 40, kernel: 3, padding: 1, post: [relu]}
  - {name: b, kind: conv2d, input: a, out_channels: 40, kernel: 3, padding: 1, groups: 40, post: [relu]}
  - {name: c, kind: conv2d, input: b, out_channels: 40, kernel: 1, post: [{add: a}, relu]}
  - {name: d, kind: pool, mode: max, input: c, kernel: 3, stride: 2}
  - {name: e, kind: conv2d, input: d, out_channels: 24, kernel: 3, stride: 2, post: [relu, global_avg_pool]}
  - {name: fc, kind: linear, input: e, out_channels: 10}
"""
    )
    precision = resolve_precision(workload, "w3a5")
    functional = FunctionalRun(workload, hardware, precision)
    result = simulate(
        workload,
        hardware,
        precision,
        baseline="none",
        detail="fine" if detail == "fine" else "transaction",
        functional=functional,
    )
    assert result.functional is not None
    assert result.functional.equals_reference
    assert result.peak_macs_per_cycle == 3 * 64
