"""`accelsim codesign`: which number format each layer should get, with the accelerator in the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from accelsim.cli.codesign_options import (
    AverageBitsOption,
    BaselineOption,
    EqualResidualsOption,
    ErrorOption,
    FrontOption,
    MethodOption,
    OutOption,
    PinOption,
    SeedOption,
    SizeOption,
    SpeedupOption,
    WeightOnlyOption,
    WeightsOption,
    WidthsOption,
)
from accelsim.cli.cost_table import parse_widths
from accelsim.cli.options import HardwareOption, JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import note, print_json, print_tables
from accelsim.errors import InputError, nearest_name

if TYPE_CHECKING:
    from accelsim.explore.allocation_errors import Errors
    from accelsim.explore.allocation_problem import Freedom
    from accelsim.explore.codesign import Codesign, Design
    from accelsim.workload.layers import Workload
    from quant.allocation.problem import Quantity
    from quant.allocation.solution import Limits

_BASELINES = ("fp32", "iso-area", "int8")
_METHODS = ("exact", "greedy")


def codesign(
    workload: WorkloadArgument,
    hardware: HardwareOption = None,
    overrides: SetOption = None,
    weights: WeightsOption = None,
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
    from accelsim.explore.codesign_files import document, write_codesign
    from accelsim.report.files import check_output_directory
    from accelsim.workload.loader import load_workload

    _check_targets(speedup, error, front)
    _check_name("--method", method, _METHODS)
    _check_name("--baseline", baseline, _BASELINES)
    limits = _limits(average_bits, size_bytes)
    if out is not None:
        check_output_directory(out)
    network = load_workload(workload)
    freedom = _freedom(network, widths, pins or (), weight_only, equal_residuals)
    search = _search(network, hardware, overrides or (), freedom, _errors(network, weights, seed), baseline)
    designs = _whole_trade(search, limits) if front else []
    chosen = _chosen(search, speedup, error, method, limits) or _fastest(designs, method)
    uniform = search.uniform_around(chosen.average_bits)
    found = document(search, chosen, designs, uniform, baseline)
    if out is not None:  # before anything is printed: a reader that closes the pipe does not cost the files
        written = write_codesign(found, chosen, designs, search.errors.quantity, out)
        note(f"{len(written)} files written to {out}")
    if json_output:
        print_json(found)
        return
    from accelsim.cli.tables import allocation_table, designs_table

    typer.echo(_headline(found, chosen, uniform, speedup))
    trade = [designs_table("Speed-up against error", designs)] if designs else []
    beside = designs_table("Beside one width for all that is not pinned", [chosen, *uniform])
    print_tables(*trade, beside, allocation_table(chosen.allocation))


def _check_targets(speedup: float | None, error: float | None, front: bool) -> None:
    """One target, or the front, which a target may go with."""
    given = [name for name, value in (("--speedup", speedup), ("--error", error)) if value is not None]
    if len(given) == 2 or not (given or front):
        found = "both --speedup and --error" if given else "no target"
        raise InputError("codesign", found, "--speedup S or --error E, and/or --front")
    _check_above_zero("--speedup", speedup)
    _check_above_zero("--error", error)


def _check_above_zero(option: str, value: float | None) -> None:
    if value is not None and not 0 < value < float("inf"):
        raise InputError(option, f"found {value:g}", "a number above 0")


def _check_name(option: str, name: str, allowed: Sequence[str]) -> None:
    if name not in allowed:
        raise InputError(option, f"found {name!r}", ", ".join(allowed), nearest_name(name, allowed))


def _limits(average_bits: float | None, size_bytes: float | None) -> Limits:
    _check_above_zero("--average-bits", average_bits)
    _check_above_zero("--size-bytes", size_bytes)
    limits: dict[Quantity, float] = {}
    if average_bits is not None:
        limits["average_bits"] = average_bits
    if size_bytes is not None:
        limits["size_bits"] = 8 * size_bytes
    return limits


def _freedom(network: Workload, widths: str, pins: Sequence[str], weight_only: bool, equal_residuals: bool) -> Freedom:
    from accelsim.explore.allocation_problem import Freedom, parse_pins

    chosen = tuple(parse_widths(widths))
    activations = (max(chosen),) if weight_only else chosen
    return Freedom(chosen, activations, parse_pins(network, pins), equal_residuals)


def _errors(network: Workload, weights: str | None, seed: int) -> Errors:
    from accelsim.explore.allocation_errors import NoiseErrors, layer_weights

    return NoiseErrors(network, layer_weights(network, weights) if weights else None, weights or "", seed)


def _search(
    network: Workload, hardware: str | None, overrides: Sequence[str], freedom: Freedom, errors: Errors, baseline: Any
) -> Codesign:
    """The problem that is searched: pairs and baseline simulated, under a progress bar."""
    from accelsim.config.presets import load_hardware
    from accelsim.explore.codesign import Codesign
    from accelsim.report.progress import progress

    machine = load_hardware(hardware or network.hardware, overrides)
    weight_widths, activation_widths = freedom.table_widths
    runs = len(weight_widths) * len(activation_widths) + 1
    with progress(network.name, runs * len(network.layers)) as step:

        def show(label: str, done: int, layers: int) -> None:
            step(f"{label}: {network.layers[done - 1].name}")

        return Codesign.prepare(network, machine, freedom, errors, baseline, show)


def _whole_trade(search: Codesign, limits: Limits) -> list[Design]:
    return search.front(others=limits) + [search.uniform(bits) for bits in sorted(search.freedom.weight_widths)]


def _chosen(search: Codesign, speedup: float | None, error: float | None, method: Any, limits: Limits) -> Design | None:
    if speedup is not None:
        return search.for_speedup(speedup, method, limits)
    return None if error is None else search.for_error(error, method, limits)


def _fastest(designs: Sequence[Design], method: str) -> Design:
    return max((design for design in designs if design.method == method), key=lambda design: design.simulated_speedup)


def _headline(found: dict[str, Any], chosen: Design, uniform: Sequence[Design], wanted: float | None) -> str:
    missed = wanted is not None and chosen.simulated_speedup < wanted
    better = [
        design.label
        for design in uniform
        if design.simulated_speedup >= chosen.simulated_speedup and design.error <= chosen.error
    ]
    return (
        f"{found['workload']} on {found['hardware']['name']}: {chosen.simulated_speedup:.2f}x over "
        f"{found['baseline']['name']} (by the table {chosen.predicted_speedup:.2f}x)"
        + (f", short of the {wanted:g}x asked for" if missed else "")
        + f"; error {chosen.error:.4g}, {chosen.average_bits:.2f} bits a weight, {chosen.method}"
        + ("" if chosen.optimality_gap is None else f", gap {chosen.optimality_gap:.2g}")
        + f"\nThe error is {found['errors_of']}."
        + (f"\nOne width for all, {better[0]}, is as fast and has no more error." if better else "")
    )
