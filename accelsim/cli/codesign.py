"""`accelsim codesign`: which number format each layer should get, with the accelerator in the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard

import typer

from accelsim.cli.cost_table import parse_widths
from accelsim.cli.options import HardwareOption, JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import note, print_json, print_tables
from accelsim.errors import InputError, nearest_name

if TYPE_CHECKING:
    from accelsim.explore.codesign import Codesign, Design, Method
    from quant.allocation.problem import Quantity
    from quant.allocation.solution import Limits

_BASELINES = ("fp32", "iso-area", "int8")


def codesign(
    workload: WorkloadArgument,
    hardware: HardwareOption = None,
    overrides: SetOption = None,
    weights: Annotated[
        str | None, typer.Option(metavar="FILE", help="The network's weights, as `quant encode` takes them.")
    ] = None,
    speedup: Annotated[float | None, typer.Option(help="Least error at this speed-up over the baseline.")] = None,
    error: Annotated[float | None, typer.Option(help="Fastest at an error of at most this.")] = None,
    front: Annotated[bool, typer.Option("--front", help="The whole trade of speed-up against error.")] = False,
    average_bits: Annotated[float | None, typer.Option(help="Bits of a weight on average, at most.")] = None,
    method: Annotated[str, typer.Option(metavar="greedy|exact", help="How to search.")] = "exact",
    widths: Annotated[str, typer.Option(metavar="2,4,8", help="DyBit widths to choose from.")] = "2,4,8",
    pins: Annotated[
        list[str] | None, typer.Option("--pin", metavar="LAYER=FORMAT", help="A layer with formats of its own.")
    ] = None,
    baseline: Annotated[
        str, typer.Option(metavar="fp32|iso-area|int8", help="What the speed-up is measured against.")
    ] = "fp32",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write codesign.json, allocation.yaml and a figure of the front."),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Choose the formats of all layers for a speed-up or an error, and simulate what was chosen."""
    from accelsim.explore.codesign_files import document, write_codesign
    from accelsim.report.files import check_output_directory

    _check_targets(speedup, error, front)
    if not _is_method(method):
        raise InputError("--method", f"found {method!r}", "greedy, exact", nearest_name(method, ("greedy", "exact")))
    if out is not None:
        check_output_directory(out)
    search = _search(workload, hardware, overrides or (), weights, widths, pins or (), baseline)
    others: dict[Quantity, float] = {} if average_bits is None else {"average_bits": average_bits}
    designs = search.front(others=others) + search.uniform() if front else []
    chosen = _chosen(search, speedup, error, method, others) or designs[0]
    errors_of = f"weights of {weights}" if weights else "synthetic Student-t(4) weights"
    found = document(search, chosen, designs, baseline, f"{errors_of}, synthetic Student-t(4) activations")
    if out is not None:  # before anything is printed: a reader that closes the pipe does not cost the files
        written = write_codesign(found, chosen, designs, out)
        note(f"{len(written)} files written to {out}")
    if json_output:
        print_json(found)
        return
    from accelsim.cli.tables import allocation_table, front_table

    typer.echo(_headline(found, speedup))
    print_tables(*([front_table(designs)] if designs else []), allocation_table(chosen.allocation))


def _check_targets(speedup: float | None, error: float | None, front: bool) -> None:
    """One target, or the front, which a target may go with."""
    given = [name for name, value in (("--speedup", speedup), ("--error", error)) if value is not None]
    if len(given) == 2 or not (given or front):
        found = "both --speedup and --error" if given else "no target"
        raise InputError("codesign", found, "--speedup S or --error E, and/or --front")
    for name, value in (("--speedup", speedup), ("--error", error)):
        if value is not None and not 0 < value < float("inf"):
            raise InputError(name, f"found {value:g}", "a number above 0")


def _search(
    workload: str,
    hardware: str | None,
    overrides: Sequence[str],
    weights: str | None,
    widths: str,
    pins: Sequence[str],
    baseline: str,
) -> Codesign:
    """The problem that is searched: pairs simulated, errors measured, baseline run, under a progress bar."""
    from accelsim.config.presets import load_hardware
    from accelsim.explore.allocation_problem import allocation_problem, layer_weights, parse_pins
    from accelsim.explore.codesign import Codesign
    from accelsim.explore.cost_table import cost_table
    from accelsim.report.progress import progress
    from accelsim.simulation import run_baseline
    from accelsim.workload.loader import load_workload

    network = load_workload(workload)
    machine = load_hardware(hardware or network.hardware, overrides)
    chosen, fixed = parse_widths(widths), parse_pins(network, pins)
    tensors = layer_weights(network, weights) if weights else None
    if not _is_baseline(baseline):
        raise InputError("--baseline", f"found {baseline!r}", ", ".join(_BASELINES), nearest_name(baseline, _BASELINES))
    every_width = sorted({*chosen, *(bits for pair in fixed.values() for bits in pair)})
    with progress(network.name, (len(every_width) ** 2 + 1) * len(network.layers)) as step:

        def show(label: str, done: int, layers: int) -> None:
            step(f"{label}: {network.layers[done - 1].name}")

        table = cost_table(network, machine, every_width, every_width, progress=show)
        reference = run_baseline(baseline, network, machine, show)
    problem = allocation_problem(network, table, chosen, fixed, tensors)
    return Codesign(network, machine, problem, reference.totals.cycles)


def _chosen(
    search: Codesign, speedup: float | None, error: float | None, method: Method, others: Limits
) -> Design | None:
    if speedup is not None:
        return search.for_speedup(speedup, method, others)
    return None if error is None else search.for_error(error, method, others)


def _headline(found: dict[str, Any], wanted: float | None) -> str:
    missed = wanted is not None and found["simulated_speedup"] < wanted
    gap = found["optimality_gap"]
    return (
        f"{found['workload']} on {found['hardware']['name']}: {found['simulated_speedup']:.2f}x over "
        f"{found['baseline']['name']} (by the table {found['predicted_speedup']:.2f}x)"
        + (f", short of the {wanted:g}x asked for" if missed else "")
        + f"; error {found['error']:.4g}, {found['average_bits']:.2f} bits a weight, {found['method']}"
        + ("" if gap is None else f", gap {gap:.2g}")
        + f"\nErrors are of {found['errors_of']}."
    )


def _is_method(name: str) -> TypeGuard[Method]:
    return name in ("greedy", "exact")


def _is_baseline(name: str) -> TypeGuard[Literal["fp32", "iso-area", "int8"]]:
    return name in _BASELINES
