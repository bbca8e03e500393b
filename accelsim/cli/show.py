"""`accelsim show`: a machine, a memory or a network, fully expanded."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accelsim.cli.options import JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import print_json, print_tables

if TYPE_CHECKING:
    from accelsim.workload.layers import Workload

show = typer.Typer(name="show", help="Print hardware, DRAM or a workload with every default filled in.")


@show.command("hardware")
def show_hardware(
    hardware: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Hardware preset or file.")],
    overrides: SetOption = None,
    json_output: JsonOption = False,
) -> None:
    """Print a machine: every field with its value, unit and meaning, and its DRAM. The JSON is a hardware file."""
    from accelsim.config.presets import IDEAL_DRAM, load_dram, load_hardware

    machine = load_hardware(hardware, overrides or ())
    if json_output:
        print_json(machine.model_dump_json(indent=1))
        return
    from accelsim.cli.tables import configuration_tree

    print_tables(configuration_tree(f"hardware {machine.name}", machine))
    if machine.dram.preset != IDEAL_DRAM:
        print_tables("", configuration_tree(f"DRAM {machine.dram.preset}", load_dram(machine.dram.preset)))


@show.command("dram")
def show_dram(
    dram: Annotated[str, typer.Argument(metavar="NAME|FILE", help="DRAM preset or file.")],
    json_output: JsonOption = False,
) -> None:
    """Print a DRAM: every timing parameter with its value, unit and meaning. The JSON is a DRAM file."""
    from accelsim.config.presets import load_dram

    memory = load_dram(dram)
    if json_output:
        print_json(memory.model_dump_json(indent=1))
        return
    from accelsim.cli.tables import configuration_tree

    print_tables(configuration_tree(f"DRAM {memory.name}", memory))


@show.command("workload")
def show_workload(workload: WorkloadArgument, json_output: JsonOption = False) -> None:
    """Print a network: its layers in execution order with shapes, matrix products, work and parameters."""
    from accelsim.workload.loader import load_workload

    network = load_workload(workload)
    if json_output:
        print_json(_document(network))
        return
    from accelsim.cli.tables import WorkloadTable

    print_tables(WorkloadTable(network))


def _document(workload: Workload) -> dict[str, Any]:
    """The network as JSON: its own fields, the totals, and one row per layer in execution order."""
    from accelsim.workload.describe import layer_rows

    totals = {"macs": workload.macs, "parameters": workload.parameters}
    return {**asdict(workload), **totals, "layers": [asdict(row) for row in layer_rows(workload)]}
