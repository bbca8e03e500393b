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
Model = Annotated[
    str,
    typer.Argument(help=".npz, .safetensors, .pt, or package.module:factory of a torch module."),
]
EncodedFile = Annotated[Path, typer.Argument(metavar="FILE", help="File of encoded layers.")]
Axis = Annotated[int, typer.Option(help="Axis of the channels that have a scale each; -1: none.")]
GroupSize = Annotated[int | None, typer.Option(help="Numbers of a channel that share a scale.")]
Method = Annotated[
    str | None,
    typer.Option(
        help="How scales are chosen: rmse, max or percentile. Default: rmse; MX formats: their standard's rule."
    ),
]
PercentileOption = Annotated[float, typer.Option("--percentile", help="Percentile of |x| at the end of the range.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def encode(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    bits: Annotated[
        str, typer.Option(metavar="w4a8|FORMAT|FILE", help="DyBit widths, a number format, or an allocation file.")
    ] = "dybit4",
    pins: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="LAYER=w8a8|FORMAT", help="A layer with formats of its own; repeatable."),
    ] = None,
    axis: Axis = 0,
    group_size: GroupSize = None,
    method: Method = None,
    percentile: PercentileOption = 99.9,
    power_of_two: Annotated[bool, typer.Option("--power-of-two", help="Scales that are powers of two.")] = False,
) -> None:
    """Encode the floating tensors of two and more axes; keep the others as they are."""
    from quant.cli.encode import allocation_for, encode_model, scale_method
    from quant.encoded import save_encoded
    from quant.files import check_output
    from quant.granularity import Granularity
    from quant.models import load_tensors

    check_output(out)
    granularity = Granularity(None if axis == -1 else axis, group_size)
    how = scale_method(method, percentile)
    tensors = load_tensors(model)
    allocation = allocation_for(tensors, bits, pins or ())
    save_encoded(encode_model(tensors, allocation, granularity, how, power_of_two), out)


@app.command()
def inspect(
    file: EncodedFile,
    original: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model that was encoded, to show errors.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Show each layer's format, shape and size, and its error against the original."""
    from quant.cli.inspect import print_summary, summary
    from quant.cli.output import print_document
    from quant.encoded import load_encoded
    from quant.models import load_tensors

    document = summary(load_encoded(file), load_tensors(original) if original else None)
    (print_document if json_output else print_summary)(document)


@app.command()
def compare(
    model: Model,
    formats: Annotated[
        str, typer.Option(metavar="A,B,...", help="Number formats.")
    ] = "int4,dybit4,fp4_e2m1,flint4,pot4,nf4",
    axis: Axis = 0,
    group_size: GroupSize = None,
    method: Method = None,
    percentile: PercentileOption = 99.9,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write comparison.json and figures here.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Show the error of each layer in each of several formats, and which is best."""
    from quant.cli.compare import document, print_comparison, progress, write_report
    from quant.cli.encode import scale_method
    from quant.cli.output import print_document
    from quant.comparison import compare as compare_formats
    from quant.files import check_output
    from quant.granularity import Granularity
    from quant.models import layer_tensors, load_tensors

    if out is not None:
        check_output(out, is_directory=True)
    how, granularity = scale_method(method, percentile), Granularity(None if axis == -1 else axis, group_size)
    tensors = load_tensors(model)
    with progress(len(layer_tensors(tensors))) as step:
        comparison = compare_formats(tensors, formats.split(","), granularity, how, step)
    if out is not None:
        write_report(comparison, str(granularity), out)
    if json_output:
        print_document(document(comparison, str(granularity)))
    else:
        print_comparison(comparison, str(granularity))


@app.command()
def decode(file: EncodedFile, out: Annotated[Path, typer.Option("--out", "-o", help=".npz file to write.")]) -> None:
    """Write all tensors as numbers again: layers in float32, the kept ones as they were."""
    from quant.encoded import load_encoded
    from quant.files import check_output
    from quant.models import save_npz

    check_output(out)
    model = load_encoded(file)
    save_npz({name: layer.decode() for name, layer in model.layers.items()} | dict(model.kept), out)


@app.command()
def sensitivity(
    model: Annotated[str, typer.Argument(help="package.module:factory of a torch module with its weights.")],
    data: Annotated[
        Path, typer.Option(metavar="FILE.npz", help="Inputs `calibration`; optionally classes `calibration_labels`.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.json", help="File to write.")],
    formats: Annotated[str, typer.Option(metavar="A,B,...", help="Number formats, the widest first.")] = (
        "dybit8,dybit4,dybit2"
    ),
    measures: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Of noise, layer, output, kl, fisher, hessian, loss and accuracy. "
            "Default: all that the data allow but hessian.",
        ),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep what is measured here, and take from here what was.")
    ] = None,
    rounding: Annotated[
        str, typer.Option(help="How the network is going to be quantised: nearest, gptq or gptaq.")
    ] = "gptaq",
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    json_output: Json = False,
) -> None:
    """Measure what each layer's weights and each tensor do to a network when they are rounded."""
    from quant.cli.output import print_document
    from quant.cli.sensitivity import load_calibration, print_sensitivity, settings_for, torch_part
    from quant.files import check_output
    from quant.report.progress import progress_bars
    from quant.sensitivity import check_measures
    from quant.sensitivity_file import document, save_sensitivity

    check_output(out)
    names = None if measures is None else measures.split(",")
    check_measures(names or ())
    arrays = load_calibration(data)
    torch_module, network = torch_part(model)
    settings = settings_for(torch_module, rounding, seed)
    with progress_bars() as show:
        found = torch_module.measure_sensitivity(
            network, formats.split(","), **arrays, measures=names, settings=settings, cache=cache, progress=show
        )
    save_sensitivity(found, out)
    if json_output:
        print_document(document(found))
    else:
        print_sensitivity(found, formats.split(","))
