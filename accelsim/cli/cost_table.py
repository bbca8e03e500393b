"""`accelsim cost-table`: cycles of each layer at each pair of widths, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accelsim.cli.options import HardwareOption, JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import print_json, print_tables
from accelsim.errors import InputError

if TYPE_CHECKING:
    from accelsim.config.hardware import Hardware
    from accelsim.explore.cost_table import CostTable
    from accelsim.workload.layers import Workload


def cost_table(
    workload: WorkloadArgument,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE.npy|FILE.csv", help="File to write: HAQ's layout, or one line each."),
    ],
    hardware: HardwareOption = None,
    overrides: SetOption = None,
    widths: Annotated[
        str, typer.Option(metavar="2,4,8", help="DyBit widths, of weights and of activations alike.")
    ] = "2,3,4,5,6,7,8",
    json_output: JsonOption = False,
) -> None:
    """Write the cycles of each layer at each pair of weight and activation widths, as searches over bits read them."""
    from accelsim.config.presets import load_hardware
    from accelsim.explore.cost_file import check_cost_file, write_cost_table
    from accelsim.workload.loader import load_workload

    network = load_workload(workload)
    machine = load_hardware(hardware or network.hardware, overrides or ())
    chosen = parse_widths(widths)
    check_cost_file(out)
    table = _simulate(network, machine, chosen)
    write_cost_table(table, out)
    if json_output:
        print_json(_document(network, machine, out, table))
        return
    from accelsim.cli.tables import run_cycles_table

    typer.echo(f"{network.name} on {machine.name}: cycles of the run with every layer at the same widths")
    print_tables(run_cycles_table(table))
    typer.echo(f"Cycles of each of {len(table.layers)} layers written to {out}")


def parse_widths(text: str) -> list[int]:
    """Widths separated by commas; InputError for what is none of DyBit's."""
    from accelsim.explore.cost_table import ALL_WIDTHS

    known = {str(width): width for width in ALL_WIDTHS}
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part not in known:
            found = f"found {part!r}" if part else "found nothing"
            raise InputError(f"--widths {text}", found, f"{ALL_WIDTHS[0]}..{ALL_WIDTHS[-1]}, separated by commas")
    return [known[part] for part in parts]


def _simulate(network: Workload, machine: Hardware, widths: list[int]) -> CostTable:
    """Run the network at every pair under a progress bar."""
    from accelsim.explore.cost_table import cost_table
    from accelsim.report.progress import progress

    with progress(network.name, len(set(widths)) ** 2 * len(network.layers)) as step:
        return cost_table(
            network,
            machine,
            widths,
            widths,
            progress=lambda label, done, layers: step(f"{label}: {network.layers[done - 1].name}"),
        )


def _document(network: Workload, machine: Hardware, out: Path, table: CostTable) -> dict[str, Any]:
    return {
        "workload": network.name,
        "hardware": machine.model_dump(mode="json"),
        "file": str(out),
        "layers": table.layers,
        "weight_widths": table.weight_widths,
        "activation_widths": table.activation_widths,
        "cycles": table.cycles.tolist(),
        "overhead_cycles": table.overhead_cycles.tolist(),
    }
