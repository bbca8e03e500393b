"""The Python API: `simulate(workload, hardware, precision) -> Result`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from simpy import Environment

from accelsim.analytic.area import iso_area_fp32_array
from accelsim.collect import collect_result
from accelsim.config.dram import DramPreset
from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_dram
from accelsim.hw.accelerator import Accelerator
from accelsim.hw.values import TIMED_ONLY, Values
from accelsim.mapping.planner import plan_network
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.tiles import Memory
from accelsim.result import SCHEMA_VERSION, BaselineResult, Result, RunResult
from accelsim.tlm import Trace, run_until_idle
from accelsim.units import PICOSECONDS_PER_SECOND
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload
from accelsim.workload.precision import resolve_precision, uniform_precision

if TYPE_CHECKING:
    from accelsim.functional.run import FunctionalRun

BaselineName = Literal["fp32", "iso-area", "int8", "none"]

#: Called after each layer with the precision's label, the layers done and the layers there are.
Progress = Callable[[str, int, int], None]


def _timed_only(schedule: Schedule) -> Values:
    return TIMED_ONLY


def simulate(
    workload: Workload,
    hardware: Hardware,
    precision: Precision | None = None,
    *,
    baseline: BaselineName = "fp32",
    seed: int = 0,
    progress: Progress | None = None,
    functional: FunctionalRun | None = None,
) -> Result:
    """Run a network on a machine at a precision, and on the baseline, and return what was found.

    `precision` defaults to the workload's own. The speed-up is the baseline's seconds over this run's; None without a
    baseline. `seed` is noted in the result; the model itself draws no random numbers. `functional`, made for the same
    three, computes the values of the run. Raises MappingError when a layer's tiles do not fit the buffers,
    SimulationError when the run fails.
    """
    values = functional.machine if functional else _timed_only
    run = run_network(workload, hardware, precision or resolve_precision(workload, None), progress, values)
    reference = None if baseline == "none" else run_baseline(baseline, workload, hardware, progress)
    array = hardware.array
    return Result(
        **dict(run),
        schema_version=SCHEMA_VERSION,
        workload=workload.name,
        hardware=hardware.model_dump(mode="json"),
        seed=seed,
        dram_peak_bytes_per_second=dram_peak_bytes_per_second(hardware, dram_of(hardware)),
        peak_macs_per_cycle=array.rows * array.cols * hardware.cores,
        baseline=reference,
        speedup=reference.totals.seconds / run.totals.seconds if reference else None,
        functional=functional.result() if functional else None,
    )


def run_network(
    workload: Workload,
    hardware: Hardware,
    precision: Precision,
    progress: Progress | None = None,
    values: Callable[[Schedule], Values] = _timed_only,
) -> RunResult:
    """One simulation, without a baseline; `values` makes what its transactions carry."""
    dram = dram_of(hardware)
    schedule = plan_network(workload, hardware, precision, memory_view(hardware, dram))
    trace = Trace()
    env = Environment()
    accelerator = Accelerator(env, hardware, dram, schedule, trace, values(schedule))
    if progress is not None:
        layers = len(workload.layers)
        accelerator.cores[0].controller.on_layer = lambda done: progress(precision.label, done, layers)
    accelerator.start()
    end_cycle = run_until_idle(env, accelerator)
    return collect_result(accelerator, hardware, precision, trace, end_cycle)


def run_baseline(
    name: Literal["fp32", "iso-area", "int8"],
    workload: Workload,
    hardware: Hardware,
    progress: Progress | None = None,
) -> BaselineResult:
    """The reference run: the same network and machine, in 32-bit floats or 8-bit integers, without decoders."""
    array = hardware.array
    description = f"FP32 on the same accelerator: {array.rows}x{array.cols} PEs, one FP32 MAC per PE and cycle"
    if name == "iso-area":
        array = iso_area_fp32_array(hardware)
        description = f"FP32 in the same silicon area: {array.rows}x{array.cols} PEs, one FP32 MAC per PE and cycle"
    elif name == "int8":
        description = f"INT8 (w8a8) on the same accelerator: {array.rows}x{array.cols} PEs"
    machine = hardware.model_copy(update={"array": array})
    precision = uniform_precision(workload, "int8" if name == "int8" else "fp32")
    run = run_network(workload, machine, precision, progress)
    return BaselineResult(**dict(run), name=name, description=description, array=(array.rows, array.cols))


def dram_of(hardware: Hardware) -> DramPreset | None:
    """The DRAM preset that the hardware names; None for ideal memory."""
    return None if hardware.dram.preset == "ideal" else load_dram(hardware.dram.preset)


def dram_peak_bytes_per_second(hardware: Hardware, dram: DramPreset | None) -> float | None:
    """Peak of all channels' data buses; None for ideal memory."""
    if dram is None:
        return None
    return hardware.dram.channels * dram.peak_bytes_per_clock * PICOSECONDS_PER_SECOND / dram.tck_ps


def memory_view(hardware: Hardware, dram: DramPreset | None) -> Memory:
    """The memory as the mapper estimates with it: DRAM's or interconnect's width, a closed bank's latency."""
    peak = dram_peak_bytes_per_second(hardware, dram)
    if dram is None or peak is None:
        return Memory(float("inf"), 0)
    closed_bank_ps = (dram.tRCD + dram.CL) * dram.tck_ps
    latency = hardware.interconnect.latency_cycles + closed_bank_ps * hardware.clock_hz // PICOSECONDS_PER_SECOND
    return Memory(min(peak / hardware.clock_hz, hardware.interconnect.bytes_per_cycle), latency)
