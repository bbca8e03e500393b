"""Tables for people: as wide as the terminal, as wide as they need to be where output goes elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table


def new_table(title: str, text_columns: Sequence[str], number_columns: Sequence[str]) -> Table:
    """An empty table: text to the left, numbers to the right. Only the first column is wrapped where it must be."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, name in enumerate(text_columns):
        table.add_column(name, overflow="fold", no_wrap=index > 0, min_width=0 if index else 16)
    for name in number_columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def print_tables(*tables: RenderableType) -> None:
    """Print to standard output."""
    console = Console(highlight=False)
    if not console.is_terminal:
        unbounded = console.options.update(width=10_000)
        console.width = max(console.measure(table, options=unbounded).maximum for table in tables)
    console.print(*tables, sep="\n")
