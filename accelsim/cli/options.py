"""Options that several commands share. Imports only typer: see `accelsim.cli`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

WorkloadArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="WORKLOAD", help="Network to run: a file such as workloads/resnet50.yaml.")
]
HardwareOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="NAME|FILE", help="Hardware preset or file. Default: the one the workload names."),
]
SetOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one field of the hardware, such as array.rows=64. May be given several times.",
    ),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, and nothing else, on standard output.")
]
