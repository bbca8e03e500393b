"""`accelsim list`: the names that other commands and files take."""

from __future__ import annotations

from accelsim.cli.options import JsonOption
from accelsim.cli.output import print_json, print_tables


def list_names(json_output: JsonOption = False) -> None:
    """List the hardware presets, the DRAM presets and the number formats."""
    from accelsim.config.presets import load_dram, load_hardware, preset_names
    from quant import format_names

    hardware = {name: load_hardware(name).description for name in preset_names("hardware")}
    dram = {name: load_dram(name).description for name in preset_names("dram")}
    if json_output:
        print_json({"hardware": hardware, "dram": dram, "formats": list(format_names())})
        return
    from accelsim.cli.tables import names_line, names_table

    print_tables(
        names_table("Hardware presets (--hardware NAME)", hardware),
        names_table("DRAM presets (--set dram.preset=NAME)", dram),
        names_line("Number formats (in bit-allocation files)", format_names()),
    )
