"""Tables for people: as wide as the terminal, as wide as they need to be where output goes elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

_NAME_WIDTH = 12


def new_table(title: str, text_columns: Sequence[str], number_columns: Sequence[str]) -> Table:
    """An empty table: text to the left, numbers to the right. Only the first column is wrapped where it must be."""
    table = Table(
        title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False, padding=0
    )
    for index, name in enumerate(text_columns):
        table.add_column(name, overflow="fold", no_wrap=index > 0, min_width=0 if index else _NAME_WIDTH)
    for name in number_columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def print_table(table: Table) -> None:
    """Print a table of `new_table` to standard output. Numbers are never cut: a narrow terminal has to wrap them."""
    console = Console(highlight=False)
    whole = console.measure(table, options=console.options.update(width=10_000)).maximum
    names = max((cell_len(str(cell)) for cell in table.columns[0].cells), default=0)
    narrowest = whole - max(0, names - _NAME_WIDTH)
    console.width = max(console.width, narrowest) if console.is_terminal else whole
    console.print(table)
