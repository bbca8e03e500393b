"""`accelsim memory`: the DRAM model alone, under a trace of transactions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accelsim.cli.options import JsonOption
from accelsim.cli.output import print_json, print_tables
from accelsim.errors import one_of


def memory(
    trace: Annotated[
        Path, typer.Argument(metavar="TRACE.csv", help="Transactions: initiator,address,bytes,op; address in hex.")
    ],
    dram: Annotated[str, typer.Option(metavar="NAME|FILE", help="DRAM preset or file; one channel of it.")],
    arbiter: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Who goes next: oldest_first (the rows in order), round_robin, fixed_priority or weighted.",
        ),
    ] = "oldest_first",
    json_output: JsonOption = False,
) -> None:
    """Replay a trace of transactions on the DRAM model alone, each as soon as the controller's queue has room."""
    from accelsim.config.presets import load_dram
    from accelsim.memory.replay import replay
    from accelsim.memory.result import ARBITERS
    from accelsim.memory.trace_file import read_trace

    policy = one_of("--arbiter", arbiter, ARBITERS)
    result = replay(read_trace(trace), load_dram(dram), policy)
    if json_output:
        print_json(result.model_dump_json(indent=1))
        return
    from accelsim.cli.memory_tables import memory_tables

    print_tables(*memory_tables(result))
