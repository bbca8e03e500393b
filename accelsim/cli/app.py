"""The command tree: which commands there are. Each stands in a file of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from accelsim import __version__
from accelsim.cli.codesign import codesign
from accelsim.cli.cost_table import cost_table
from accelsim.cli.import_model import import_model
from accelsim.cli.list import list_names
from accelsim.cli.memory import memory
from accelsim.cli.robustness import robustness
from accelsim.cli.run import run
from accelsim.cli.show import show
from accelsim.cli.sweep import sweep

app = typer.Typer(
    help="Simulate a mixed-precision DNN accelerator that computes on DyBit numbers.",
    add_completion=False,
    rich_markup_mode=None,  # plain help: rich would take longer to import than the help may take
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Without a command: the version if asked for, else the help."""
    if version:
        typer.echo(f"accelsim {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(run)
app.add_typer(show)
app.add_typer(sweep)
app.command()(codesign)
app.command("cost-table")(cost_table)
app.command("import")(import_model)
app.command()(memory)
app.command()(robustness)
app.command("list")(list_names)
