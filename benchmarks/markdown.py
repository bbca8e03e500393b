"""Tables that a program writes into a page, between two comments that name them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Rows = Sequence[Sequence[str]]
"""The head, then a row each."""


def table(rows: Rows) -> str:
    """Markdown, a line for each row."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def replace_table(page: Path, name: str, rows: Rows) -> None:
    """Put a table where the page has `<!-- NAME -->`, up to `<!-- end -->`; KeyError if it has no such place."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->\n", "<!-- end -->"
    if begin not in text:
        raise KeyError(f"{page.name} has no {begin.strip()}")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{table(rows)}\n\n{end}{after}", encoding="utf-8")
