"""Options of `accelsim codesign`. Imports only typer: see `accelsim.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

WeightsOption: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE", help="The network's weights, as `quant encode` takes them.")
]
ModelOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL", help="package.module:factory of the torch network: measure errors and accuracy on it."
    ),
]
DataOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE.npz", help="Data for --model: calibration, test_inputs, labels and more.")
]
SensitivityOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help="Errors that `quant sensitivity` has measured.")
]
MeasureOption: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="Which measure of sensitivity is the error: kl, output, fisher, noise, ...")
]
WithinOption: TypeAlias = Annotated[
    float, typer.Option(min=0, help="With --model and no target: points of accuracy that the fastest may lose.")
]
QatStepsOption: TypeAlias = Annotated[
    int, typer.Option(min=0, help="With --model: steps of training for the allocation that is chosen.")
]
CacheOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="DIR", help="With --model: keep what is measured, and go on after a stop.")
]
SpeedupOption: TypeAlias = Annotated[
    float | None, typer.Option(help="Target: the least error at this speed-up over the baseline.")
]
ErrorOption: TypeAlias = Annotated[float | None, typer.Option(help="Target: the fastest at an error of at most this.")]
FrontOption: TypeAlias = Annotated[bool, typer.Option("--front", help="The whole trade of speed-up against error.")]
AverageBitsOption: TypeAlias = Annotated[float | None, typer.Option(help="Limit: bits of a weight on average.")]
SizeOption: TypeAlias = Annotated[float | None, typer.Option(help="Limit: bytes of all weights.")]
MethodOption: TypeAlias = Annotated[str, typer.Option(metavar="greedy|exact", help="How to search.")]
WidthsOption: TypeAlias = Annotated[str, typer.Option(metavar="2,4,8", help="DyBit widths to choose from.")]
PinOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--pin", metavar="LAYER=FORMAT", help="A layer with formats of its own.")
]
WeightOnlyOption: TypeAlias = Annotated[
    bool, typer.Option("--weight-only", help="Choose for weights alone: activations have the widest width.")
]
EqualResidualsOption: TypeAlias = Annotated[
    bool, typer.Option("--equal-residuals", help="Both branches of a residual add have one format.")
]
BaselineOption: TypeAlias = Annotated[
    str, typer.Option(metavar="fp32|iso-area|int8", help="What the speed-up is measured against.")
]
SeedOption: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Of synthetic numbers, and of which numbers of a large tensor are looked at.")
]
OutOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write codesign.json, allocation.yaml, and figures of the front and of accuracy."),
]
