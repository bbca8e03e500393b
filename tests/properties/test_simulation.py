"""What every run holds, on random networks and machines: docs/timing-model.md, "What always holds"."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from accelsim.analytic.compute import array_shape
from accelsim.analytic.roofline import compute_bound_cycles, roofline_cycles
from accelsim.config.hardware import ControllerConfig, Hardware
from accelsim.errors import MappingError
from accelsim.result import CAUSES, RunResult
from accelsim.simulation import dram_of, dram_peak_bytes_per_second, run_network
from accelsim.units import picoseconds_to_cycles
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision
from tests.properties.machines import machines
from tests.properties.mapped_networks import networks

#: Scheduling noise: what a better machine or a narrower format may lose to tiles and bursts that fall differently, as a
#: share of the cycles and, in runs that are mostly latency, in cycles (about two misses of a DRAM row).
NOISE_FRACTION, NOISE_CYCLES = 0.05, 300

modest = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
workloads = networks.map(parse_workload)
bits = st.sampled_from(["w8a8", "w4a4", "w2a8", "w3a5"])


def run_or_reject(workload: Workload, hardware: Hardware, precision: Precision) -> RunResult:
    try:
        return run_network(workload, hardware, precision)
    except MappingError:
        reject()


def no_slower(cycles: int, reference: int) -> bool:
    return cycles <= (1 + NOISE_FRACTION) * reference + NOISE_CYCLES


def row_changes(run: RunResult) -> int:
    return sum(channel["row_conflicts"] for channel in run.statistics["dram"].values())


def row_cycle_cycles(hardware: Hardware) -> int:
    """From one activation of a bank to its next, tRAS + tRP, in core cycles."""
    dram = dram_of(hardware)
    assert dram is not None
    return picoseconds_to_cycles((dram.tRAS + dram.tRP) * dram.tck_ps, hardware.clock_hz)


def blocks(statistics: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Statistics of all modules of a name, wherever they are in the tree."""
    for child, below in statistics.items():
        if isinstance(below, dict):
            if child == name:
                yield below
            yield from blocks(below, name)


@modest
@given(workloads, machines(), bits)
def test_no_run_beats_its_roofline(workload: Workload, hardware: Hardware, precision: str) -> None:
    run = run_or_reject(workload, hardware, resolve_precision(workload, precision))
    peak = dram_peak_bytes_per_second(hardware, dram_of(hardware))
    assert peak is not None
    moved = run.totals.dram_read_bytes + run.totals.dram_write_bytes
    compute_bound = sum(
        compute_bound_cycles(layer.gemm, array_shape(hardware.array, result.weight_bits, result.activation_bits))
        for layer, result in zip(workload.layers, run.layers, strict=True)
        if layer.gemm is not None
    )
    compute_bound //= hardware.cores_per_image
    assert run.totals.cycles >= roofline_cycles(compute_bound, moved, peak / hardware.clock_hz)
    assert all(layer.compute_cycles <= layer.cycles for layer in run.layers)


@modest
@given(workloads, machines(), bits)
def test_bytes_are_conserved(workload: Workload, hardware: Hardware, precision: str) -> None:
    run = run_or_reject(workload, hardware, resolve_precision(workload, precision))
    totals, cores = run.totals, range(hardware.cores)
    engines = [run.statistics[f"core{core}"][f"{name}_dma"] for core in cores for name in ("weight", "input", "output")]
    channels = run.statistics["dram"].values()
    for command, expected in (("read_bytes", totals.dram_read_bytes), ("write_bytes", totals.dram_write_bytes)):
        assert sum(engine[command] for engine in engines) == expected
        assert sum(channel[command] for channel in channels) == expected
    moved = sum(map(sum, run.bandwidth.bytes_by_initiator.values()))
    assert moved == totals.dram_read_bytes + totals.dram_write_bytes


@modest
@given(workloads, machines(), bits)
def test_causes_add_up_and_buffers_hold_what_they_can(workload: Workload, hardware: Hardware, precision: str) -> None:
    run = run_or_reject(workload, hardware, resolve_precision(workload, precision))
    assert tuple(run.totals.breakdown) == CAUSES
    assert sum(run.totals.breakdown.values()) == run.totals.cycles
    end = 0
    for layer in run.layers:
        assert layer.start_cycle == end
        assert sum(layer.breakdown.values()) == layer.cycles == layer.end_cycle - layer.start_cycle
        end = layer.end_cycle
    for name in ("weight_buffer", "input_buffer", "output_buffer"):
        for buffer in blocks(run.statistics, name):
            assert 0 <= buffer["peak_bytes"] <= buffer["capacity_bytes"]


@modest
@given(workloads, machines())
def test_blocks_that_take_turns_are_busy_one_after_the_other(workload: Workload, hardware: Hardware) -> None:
    one_by_one = {"cores": 1, "cores_per_image": 1, "controller": ControllerConfig(overlap="none")}
    without_ports = hardware.buffers.model_copy(update={"weight_port_bytes_per_cycle": None})
    machine = hardware.model_copy(update=one_by_one | {"buffers": without_ports})
    run = run_or_reject(workload, machine, uniform_precision(workload, "int8"))
    core = run.statistics["core0"]
    names = ("array", "vector_unit", "weight_dma", "input_dma", "output_dma")
    assert run.totals.cycles == sum(core[name]["busy"]["cycles"] for name in names)


@modest
@given(workloads, machines(), bits)
def test_the_same_input_does_the_same(workload: Workload, hardware: Hardware, precision: str) -> None:
    formats = resolve_precision(workload, precision)
    assert run_or_reject(workload, hardware, formats) == run_network(workload, hardware, formats)


@modest
@given(workloads, machines())
def test_fp32_is_never_faster_than_8_bit_integers(workload: Workload, hardware: Hardware) -> None:
    fp32 = run_or_reject(workload, hardware, uniform_precision(workload, "fp32"))
    int8 = run_network(workload, hardware, uniform_precision(workload, "int8"))
    assert no_slower(int8.totals.cycles, fp32.totals.cycles)


@modest
@given(workloads, machines(), bits)
def test_twice_the_channels_are_no_slower(workload: Workload, hardware: Hardware, precision: str) -> None:
    """But for chance: other channels put other rows into one bank, and each row more to change takes a row cycle."""
    formats = resolve_precision(workload, precision)
    single = run_or_reject(workload, hardware, formats)
    doubled = hardware.dram.model_copy(update={"channels": 2 * hardware.dram.channels})
    double = run_network(workload, hardware.model_copy(update={"dram": doubled}), formats)
    more_rows = max(0, row_changes(double) - row_changes(single))
    assert no_slower(double.totals.cycles - more_rows * row_cycle_cycles(hardware), single.totals.cycles)


def test_other_processes_with_other_hash_seeds_do_the_same() -> None:
    program = (
        "from accelsim.config.presets import load_hardware\n"
        "from accelsim.simulation import simulate\n"
        "from accelsim.workload.loader import load_workload\n"
        "result = simulate(load_workload('workloads/resnet18.yaml'), load_hardware('zcu102'), baseline='int8')\n"
        "print(result.trace_hash, result.baseline.trace_hash)\n"
    )

    def hashes(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert hashes("1") == hashes("4242") != ""
