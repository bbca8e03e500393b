"""Text tables that fit: the least important columns go first, bars take the room that is left, numbers stay whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from accelsim.report.bars import bar

_GAP_CELLS = 2
_BAR_CELLS = (5, 24)  # narrowest and widest
_ASCII_BOX = box.Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)


@dataclass(frozen=True, slots=True)
class Column:
    """Heading, unit, one text per row and a footer; `drop` says how early it goes on a narrow terminal (0: never)."""

    heading: str
    unit: str
    cells: list[str]
    footer: str = ""
    drop: int = 0
    left: bool = False

    @property
    def width(self) -> int:
        """Terminal cells of its widest text."""
        return max(cell_len(text) for text in (self.heading, self.unit, self.footer, *self.cells))


@dataclass(frozen=True, slots=True)
class BarColumn:
    """One bar per row: fractions of the bar's full width, and the colour of each; `drop` as for a `Column`."""

    fractions: list[float]
    colours: list[str]
    drop: int = 0


AnyColumn = Column | BarColumn


def fitted_table(columns: list[AnyColumn], width: int, ascii_only: bool) -> Table:
    """A table of at most `width` terminal cells, as far as its essential columns allow."""
    kept, bar_width = _fit(columns, width)
    table = Table(
        box=_ASCII_BOX if ascii_only else box.SIMPLE,
        show_footer=any(isinstance(column, Column) and column.footer for column in kept),
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP_CELLS - 1, 0, 0),
        header_style="bold",
        footer_style="bold",
    )
    texts: list[list[Text]] = []
    for column in kept:
        if isinstance(column, Column):
            heading = Text(f"{column.heading}\n{column.unit}")
            table.add_column(heading, Text(column.footer), justify="left" if column.left else "right", no_wrap=True)
            texts.append([Text(cell) for cell in column.cells])
        else:
            table.add_column(Text(""), min_width=bar_width, no_wrap=True)
            texts.append(_bar_texts(column, bar_width, ascii_only))
    for row in zip(*texts, strict=True):
        table.add_row(*row)
    return table


def _bar_texts(column: BarColumn, width: int, ascii_only: bool) -> list[Text]:
    pairs = zip(column.fractions, column.colours, strict=True)
    return [Text(bar(fraction, width, ascii_only=ascii_only), style=colour) for fraction, colour in pairs]


def _fit(columns: list[AnyColumn], width: int) -> tuple[list[AnyColumn], int]:
    """The columns that fit beside bars of at least the narrowest width, and the width of the bars."""
    narrowest, widest = _BAR_CELLS
    kept = list(columns)
    while True:
        bars = sum(isinstance(column, BarColumn) for column in kept)
        text = sum(column.width for column in kept if isinstance(column, Column))
        left = width - text - _GAP_CELLS * (len(kept) - 1)
        if left >= bars * narrowest:
            return kept, min(left // bars, widest) if bars else 0
        first = max(column.drop for column in kept)
        if not first:
            return _squeezed(kept, left), narrowest
        kept = [column for column in kept if column.drop != first]


def _squeezed(columns: list[AnyColumn], left: int) -> list[AnyColumn]:
    """The columns with `left` (negative) cells taken from the text of the first one, which names the rows."""
    name = columns[0]
    if not isinstance(name, Column):
        return columns
    room = max(name.width + left, 1)
    heading, footer = name.heading[:room], name.footer[:room]
    return [replace(name, heading=heading, cells=[cell[:room] for cell in name.cells], footer=footer), *columns[1:]]
