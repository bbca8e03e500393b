"""Options of `accelsim run`. Imports only typer: see `accelsim.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

BitsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="w4a4|FILE",
        help="DyBit widths, a bit-allocation file, or a file of encoded layers. Default: the workload's.",
    ),
]
NoPinsOption: TypeAlias = Annotated[
    bool, typer.Option("--no-pins", help="Apply --bits to the layers that the workload pins, too.")
]
BaselineOption: TypeAlias = Annotated[
    str, typer.Option(metavar="fp32|iso-area|int8|none", help="What the speed-up is measured against.")
]
OutOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write result, layers, allocation and figures here.")
]
FunctionalOption: TypeAlias = Annotated[
    bool, typer.Option("--functional", help="Compute the values of the run, too, and compare with the reference.")
]
InputOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--input", metavar="FILE.npy", help="Image or images for --functional. Default: one is drawn."),
]
InjectOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLACE:KEY=VALUE,...",
        help="Flip bits in a functional run, such as dram:rate=1e-6. May be given several times.",
    ),
]
PlotsOption: TypeAlias = Annotated[
    bool | None, typer.Option("--plots/--no-plots", help="Whether --out writes figures. Default: it does.")
]
DetailOption: TypeAlias = Annotated[
    str,
    typer.Option(metavar="transaction|fine", help="fine: every fold, the DRAM every two bursts; many times slower."),
]
