"""The commands of `quant`; numpy and the rest are imported inside, so that `--help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Encode the weights of a network in DyBit and other number formats.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
EncodedFile = Annotated[Path, typer.Argument(metavar="FILE", help="File of encoded layers.")]


@app.command()
def encode(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=".npz or .safetensors.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    bits: Annotated[str, typer.Option(help="Number format, or w4 for dybit4.")] = "dybit4",
    axis: Annotated[int | None, typer.Option(help="Axis of the channels that have a scale each; -1: none.")] = 0,
    group_size: Annotated[int | None, typer.Option(help="Numbers of a channel that share a scale.")] = None,
    method: Annotated[
        str | None,
        typer.Option(help="How scales are chosen: rmse, max or percentile; MX formats have a rule of their own."),
    ] = None,
    percentile: Annotated[float, typer.Option(help="Percentile of |x| at the end of the range.")] = 99.9,
    power_of_two: Annotated[bool, typer.Option("--power-of-two", help="Scales that are powers of two.")] = False,
) -> None:
    """Encode the floating tensors of two and more axes; keep the others as they are."""
    from quant.cli.encode import encode_model
    from quant.encoded import save_encoded
    from quant.granularity import Granularity
    from quant.models import load_tensors

    granularity = Granularity(None if axis == -1 else axis, group_size)
    encoded = encode_model(load_tensors(model), bits, granularity, method, percentile, power_of_two)
    save_encoded(encoded, out)


@app.command()
def inspect(
    file: EncodedFile,
    original: Annotated[Path | None, typer.Option(help="The model that was encoded, to show errors.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show each layer's format, shape and size, and its error against the original."""
    from quant.cli.inspect import print_document, print_table, summary
    from quant.encoded import load_encoded
    from quant.models import load_tensors

    document = summary(load_encoded(file), load_tensors(original) if original else None)
    (print_document if json_output else print_table)(document)


@app.command()
def decode(file: EncodedFile, out: Annotated[Path, typer.Option("--out", "-o", help=".npz file to write.")]) -> None:
    """Write all tensors as numbers again: layers in float32, the kept ones as they were."""
    from quant.encoded import load_encoded
    from quant.models import save_npz

    model = load_encoded(file)
    save_npz({name: layer.decode() for name, layer in model.layers.items()} | dict(model.kept), out)
