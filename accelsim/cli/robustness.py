"""`accelsim robustness`: how far the headline speed-up moves when the model's assumptions do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accelsim.cli.options import HardwareOption, JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import print_json, print_tables
from accelsim.errors import one_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from accelsim.robustness import Robustness


def robustness(
    workload: WorkloadArgument,
    hardware: HardwareOption = None,
    bits: Annotated[
        str | None,
        typer.Option(metavar="w4a4|FILE", help="DyBit widths, or a bit allocation. Default: the workload's."),
    ] = None,
    overrides: SetOption = None,
    baseline: Annotated[str, typer.Option(metavar="fp32|iso-area|int8", help="What the speed-up is against.")] = "fp32",
    json_output: JsonOption = False,
) -> None:
    """Move one assumption of the model at a time, and say how far the speed-up moves: an interval beside the number."""
    from accelsim.config.presets import load_hardware
    from accelsim.report.progress import progress
    from accelsim.robustness import moved_machines
    from accelsim.robustness import robustness as measured
    from accelsim.simulation import REFERENCES
    from accelsim.workload.loader import load_workload
    from accelsim.workload.precision import resolve_precision

    against = one_of("--baseline", baseline, REFERENCES)
    network = load_workload(workload)
    machine = load_hardware(hardware or network.hardware, overrides or ())
    precision = resolve_precision(network, bits)
    with progress(network.name, len(list(moved_machines(machine))) + 1) as step:
        found = measured(network, machine, precision, against, lambda name, _: step(name))
    if json_output:
        print_json(found.model_dump_json(indent=1))
    else:
        print_tables(*_tables(found))


def _tables(found: Robustness) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    head = Text.assemble(
        (f"{found.workload}", "bold"),
        f" on {found.hardware} at {found.precision}: ",
        (f"{found.speedup:.2f}x", "bold"),
        f" against {found.baseline}, from {found.low:.2f}x to {found.high:.2f}x with one assumption moved at a time",
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("assumption", "moved"):
        table.add_column(name, header_style="dim")
    for name in ("speed-up", "difference"):
        table.add_column(name, header_style="dim", justify="right")
    for entry in found.moved:
        table.add_row(entry.assumption, entry.change, f"{entry.speedup:.2f}x", f"{entry.difference:+.1%}")
    return [head, table]
