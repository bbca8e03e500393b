"""`accelsim import`: a workload file from a torch network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accelsim.errors import InputError

if TYPE_CHECKING:
    from quant.ptq.description import Description


def import_model(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="package.module:factory, a function that makes a torch module.")
    ],
    input_shape: Annotated[str, typer.Option("--input", metavar="3,224,224", help="Channels, height and width.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.yaml", help="Workload file to write.")],
) -> None:
    """Write a torch network as a workload file, its layers named by their module paths."""
    from accelsim.workload.importer import workload_text
    from accelsim.workload.loader import parse_workload
    from accelsim.workload.quant_errors import as_input_errors
    from quant.files import check_output, replacing

    shape = _parse_shape(input_shape)
    with as_input_errors(model):
        check_output(out)
        text = workload_text(_described(model, shape), out.stem, model)
    workload = parse_workload(text, str(out))
    with replacing(out) as partial:
        partial.write_text(text, encoding="utf-8")
    typer.echo(
        f"{len(workload.layers)} layers, {workload.macs:,} multiply-accumulates, {workload.parameters:,} parameters "
        f"written to {out}"
    )


def _parse_shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9][0-9]{0,6}(,[1-9][0-9]{0,6}){0,2}", text):
        raise InputError("--input", f"found {text!r}", "one to three sizes from 1, as in 3,224,224")
    return tuple(map(int, text.split(",")))


def _described(model: str, shape: tuple[int, ...]) -> Description:
    try:
        from quant.ptq.description import describe
        from quant.ptq.models import module_of_factory
    except ImportError:
        allowed = "torch: install this package with its extra, as in '.[torch]'"
        raise InputError(model, "torch is needed to import a model and is not installed", allowed) from None
    return describe(module_of_factory(model), shape)
