"""`accelsim codesign`: which number format each layer should get, with the accelerator in the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from accelsim.cli.codesign_options import (
    AverageBitsOption,
    BaselineOption,
    CacheOption,
    DataOption,
    EqualResidualsOption,
    ErrorOption,
    FrontOption,
    MeasureOption,
    MethodOption,
    ModelOption,
    OutOption,
    PinOption,
    QatStepsOption,
    SeedOption,
    SensitivityOption,
    SizeOption,
    SpeedupOption,
    WeightOnlyOption,
    WeightsOption,
    WidthsOption,
    WithinOption,
)
from accelsim.cli.codesign_search import errors_of, freedom_of, limits_of, meter_of, prepared
from accelsim.cli.options import HardwareOption, JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import note, print_json, print_tables
from accelsim.errors import InputError, one_of

if TYPE_CHECKING:
    from accelsim.explore.codesign.report import Report
    from accelsim.explore.codesign.search import Codesign, Design, Method
    from quant.allocation.solution import Limits


def codesign(
    workload: WorkloadArgument,
    hardware: HardwareOption = None,
    overrides: SetOption = None,
    weights: WeightsOption = None,
    sensitivity: SensitivityOption = None,
    model: ModelOption = None,
    data: DataOption = None,
    measure: MeasureOption = "kl",
    within_points: WithinOption = 1.0,
    qat_steps: QatStepsOption = 0,
    cache: CacheOption = None,
    speedup: SpeedupOption = None,
    error: ErrorOption = None,
    front: FrontOption = False,
    average_bits: AverageBitsOption = None,
    size_bytes: SizeOption = None,
    method: MethodOption = "exact",
    widths: WidthsOption = "2,4,8",
    pins: PinOption = None,
    weight_only: WeightOnlyOption = False,
    equal_residuals: EqualResidualsOption = False,
    baseline: BaselineOption = "fp32",
    seed: SeedOption = 0,
    out: OutOption = None,
    json_output: JsonOption = False,
) -> None:
    """Choose the formats of all layers for a speed-up or an error, under limits, and simulate what was chosen."""
    from accelsim.explore.codesign.accuracy import in_the_loop
    from accelsim.explore.codesign.report import Report
    from accelsim.explore.codesign.search import METHODS
    from accelsim.report.files import check_output_directory
    from accelsim.workload.loader import load_workload

    _check_targets(speedup, error, front)
    how, limits = one_of("--method", method, METHODS), limits_of(average_bits, size_bytes)
    if out is not None:
        check_output_directory(out)
    network = load_workload(workload)
    freedom = freedom_of(network, widths, pins or (), weight_only, equal_residuals)
    with meter_of(model, data, cache) as meter:
        errors = errors_of(network, freedom, weights, sensitivity, meter, measure, seed)
        search = prepared(network, hardware, overrides or (), freedom, errors, baseline)
        designs = _whole_trade(search, limits) if front else []
        wanted = _wanted(search, speedup, error, how, limits)
        measured = designs if wanted is None else [*designs, wanted, *search.uniform_around(wanted.average_bits)]
        loop = None if meter is None else in_the_loop(measured, meter, within_points, qat_steps, wanted)
    chosen = wanted or (loop.chosen.design if loop else _fastest(designs, how))
    uniform = search.uniform_around(chosen.average_bits)
    _hand_over(Report(search, baseline, chosen, tuple(uniform), tuple(designs), loop), out, json_output, speedup)


def _check_targets(speedup: float | None, error: float | None, front: bool) -> None:
    """One target, or the front, which a target may go with."""
    given = [name for name, value in (("--speedup", speedup), ("--error", error)) if value is not None]
    if len(given) == 2 or not (given or front):
        found = "both --speedup and --error" if given else "no target"
        raise InputError("codesign", found, "--speedup S or --error E, and/or --front")
    for name, value in (("--speedup", speedup), ("--error", error)):
        if value is not None and not 0 < value < float("inf"):
            raise InputError(name, f"found {value:g}", "a number above 0")


def _whole_trade(search: Codesign, limits: Limits) -> list[Design]:
    return search.front(others=limits) + [search.uniform(bits) for bits in sorted(search.freedom.weight_widths)]


def _wanted(
    search: Codesign, speedup: float | None, error: float | None, method: Method, limits: Limits
) -> Design | None:
    if speedup is not None:
        return search.for_speedup(speedup, method, limits)
    return None if error is None else search.for_error(error, method, limits)


def _fastest(designs: Sequence[Design], method: Method) -> Design:
    return max((design for design in designs if design.method == method), key=lambda design: design.simulated_speedup)


def _hand_over(report: Report, out: Path | None, json_output: bool, wanted_speedup: float | None) -> None:
    if out is not None:  # before anything is printed: a reader that closes the pipe does not cost the files
        note(f"{len(report.write(out))} files written to {out}")
    if json_output:
        print_json(report.document())
    else:
        _print(report, wanted_speedup)


def _print(report: Report, wanted_speedup: float | None) -> None:
    from accelsim.cli.tables import accuracy_table, allocation_table, designs_table

    typer.echo(_headline(report, wanted_speedup))
    tables = [designs_table("Speed-up against error", report.front)] if report.front else []
    beside = [report.chosen, *report.uniform]
    tables.append(designs_table("Beside one width for all that is not pinned", beside))
    if report.loop is not None:
        tables.append(accuracy_table(report.loop))
    print_tables(*tables, allocation_table(report.chosen.allocation))


def _headline(report: Report, wanted_speedup: float | None) -> str:
    search, chosen = report.search, report.chosen
    by_table = "" if chosen.predicted_speedup is None else f" (by the table {chosen.predicted_speedup:.2f}x)"
    missed = wanted_speedup is not None and chosen.simulated_speedup < wanted_speedup
    short = f", short of the {wanted_speedup:g}x asked for" if missed else ""
    gap = "" if chosen.optimality_gap is None else f", gap {chosen.optimality_gap:.2g}"
    lines = [
        f"{search.workload.name} on {search.hardware.name}: {chosen.simulated_speedup:.2f}x over {report.baseline}"
        f"{by_table}{short}; error {chosen.error:.4g}, {chosen.average_bits:.2f} bits a weight, {chosen.method}{gap}",
        f"The error is {search.errors.described}.",
    ]
    better = [
        design.label
        for design in report.uniform
        if design.simulated_speedup >= chosen.simulated_speedup and design.error <= chosen.error
    ]
    if better and chosen.method != "uniform":
        lines.append(f"One width for all, {better[0]}, is as fast and has no more error.")
    if report.loop is not None:
        lines.append(report.loop.headline)
    return "\n".join(lines)
