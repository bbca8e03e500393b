"""The Python API: `simulate(workload, hardware, precision) -> Result`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args

from simpy import Environment

from accelsim.analytic.area import iso_area_fp32_array
from accelsim.collect import collect_result
from accelsim.config.dram import DramPreset
from accelsim.config.hardware import Detail, Hardware
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

ReferenceName = Literal["fp32", "iso-area", "int8"]
BaselineName = Literal[ReferenceName, "none"]
REFERENCES: tuple[ReferenceName, ...] = get_args(ReferenceName)
BASELINES: tuple[BaselineName, ...] = get_args(BaselineName)

_DESCRIPTIONS = {
    "fp32": "FP32 on the same accelerator",
    "iso-area": "FP32 in the same silicon area",
    "int8": "INT8 (w8a8) on the same accelerator",
}

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
    detail: Detail = "transaction",
    functional: FunctionalRun | None = None,
) -> Result:
    """Run a network on a machine at a precision, and on the baseline, and return what was found.

    `precision` defaults to the workload's own. The speed-up is the baseline's seconds over this run's; None without a
    baseline. `seed` is noted in the result; the model itself draws no random numbers. `detail` fine goes through every
    fold and looks at the DRAM every two bursts, which takes many times as long. `functional`, made for the same three,
    computes the values of the run. Raises MappingError when a layer's tiles do not fit the buffers, SimulationError
    when the run fails.
    """
    values = functional.machine if functional else _timed_only
    run = run_network(workload, hardware, precision or resolve_precision(workload, None), progress, detail, values)
    reference = None if baseline == "none" else run_baseline(baseline, workload, hardware, progress, detail)
    array = hardware.array
    return Result(
        **dict(run),
        schema_version=SCHEMA_VERSION,
        workload=workload.name,
        hardware=hardware.model_dump(mode="json"),
        seed=seed,
        dram_peak_bytes_per_second=dram_peak_bytes_per_second(hardware, dram_of(hardware)),
        peak_macs_per_cycle=array.elements * hardware.cores,
        baseline=reference,
        speedup=reference.totals.seconds / run.totals.seconds if reference else None,
        functional=functional.result() if functional else None,
    )


def run_network(
    workload: Workload,
    hardware: Hardware,
    precision: Precision,
    progress: Progress | None = None,
    detail: Detail = "transaction",
    values: Callable[[Schedule], Values] = _timed_only,
) -> RunResult:
    """One simulation, without a baseline; `values` makes what its transactions carry."""
    return run_schedule(plan_run(workload, hardware, precision), hardware, precision, progress, detail, values)


def plan_run(workload: Workload, hardware: Hardware, precision: Precision) -> Schedule:
    """What a run will do; machines that differ only in decoders, DMA engines, arbiter or images have the same."""
    return plan_network(workload, hardware, precision, memory_view(hardware, dram_of(hardware)))


def run_schedule(
    schedule: Schedule,
    hardware: Hardware,
    precision: Precision,
    progress: Progress | None = None,
    detail: Detail = "transaction",
    values: Callable[[Schedule], Values] = _timed_only,
) -> RunResult:
    """The simulation of a plan that was made for this machine and this precision."""
    trace = Trace()
    env = Environment()
    accelerator = Accelerator(env, hardware, dram_of(hardware), schedule, trace, detail, values(schedule))
    if progress is not None:
        layers = len(schedule.programs[0])
        accelerator.cores[0].controller.on_layer = lambda done: progress(precision.label, done, layers)
    accelerator.start()
    end_cycle = run_until_idle(env, accelerator)
    return collect_result(accelerator, hardware, precision, trace, end_cycle)


def run_baseline(
    name: ReferenceName,
    workload: Workload,
    hardware: Hardware,
    progress: Progress | None = None,
    detail: Detail = "transaction",
) -> BaselineResult:
    """The reference run: the same network and machine, in 32-bit floats or 8-bit integers, without decoders."""
    machine, precision = baseline_of(name, workload, hardware)
    run = run_network(workload, machine, precision, progress, detail)
    array = machine.array
    description = f"{_DESCRIPTIONS[name]}: {array.rows}x{array.cols} PEs"
    if name != "int8":
        description += ", one FP32 MAC per PE and cycle"
    return BaselineResult(**dict(run), name=name, description=description, array=(array.rows, array.cols))


def baseline_of(name: ReferenceName, workload: Workload, hardware: Hardware) -> tuple[Hardware, Precision]:
    """The machine and the precision of the reference run."""
    return baseline_machine(name, hardware), uniform_precision(workload, "int8" if name == "int8" else "fp32")


def baseline_machine(name: ReferenceName, hardware: Hardware) -> Hardware:
    """The machine of the reference run."""
    array = iso_area_fp32_array(hardware) if name == "iso-area" else hardware.array
    return hardware.model_copy(update={"array": array})


def dram_of(hardware: Hardware) -> DramPreset | None:
    """The DRAM preset that the hardware names; None for ideal memory."""
    return None if hardware.dram.preset == "ideal" else load_dram(hardware.dram.preset)


def dram_peak_bytes_per_second(hardware: Hardware, dram: DramPreset | None) -> float | None:
    """Peak of all channels' data buses; None for ideal memory."""
    if dram is None:
        return None
    return hardware.dram.channels * dram.peak_bytes_per_clock * PICOSECONDS_PER_SECOND / dram.tck_ps


def memory_view(hardware: Hardware, dram: DramPreset | None) -> Memory:
    """The memory as the mapper estimates with it: a core's part of DRAM or interconnect, a closed bank's latency.

    Cores that share an image share the bandwidth; those of other images are not counted.
    """
    peak = dram_peak_bytes_per_second(hardware, dram)
    if dram is None or peak is None:
        return Memory(float("inf"), 0, hardware.controller.overlap)
    closed_bank_ps = (dram.tRCD + dram.CL) * dram.tck_ps
    latency = hardware.interconnect.latency_cycles + closed_bank_ps * hardware.clock_hz // PICOSECONDS_PER_SECOND
    fabric = hardware.interconnect
    shared = min(peak / hardware.clock_hz, fabric.bytes_per_cycle) / hardware.cores_per_image
    return Memory(min(shared, fabric.core_bytes_per_cycle or shared), latency, hardware.controller.overlap)
