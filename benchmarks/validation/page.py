"""The tables of docs/validation.md: each stands between two comments that name it, and is rewritten there."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.validation.comparison import Comparison

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
SUMMARY_HEAD = "| what | against | cases | mean error | worst error | command |"


def block_of(text: str, name: str) -> str:
    """What stands in the block `name` of the page's text."""
    return _pattern(name).search(text).group(2).rstrip()  # type: ignore[union-attr]


def with_comparison(text: str, found: Comparison) -> str:
    """The page's text with the table of a comparison, and its row of the summary, as found."""
    text = _replaced(text, found.name, "\n".join(found.table))
    rows = [line for line in block_of(text, "summary").splitlines()[2:] if f"(#{found.name})" not in line]
    rows = sorted([*filter(None, rows), found.summary])
    return _replaced(text, "summary", "\n".join([SUMMARY_HEAD, "|---|---|---|---|---|---|", *rows]))


def _replaced(text: str, name: str, block: str) -> str:
    return _pattern(name).sub(lambda match: f"{match.group(1)}{block}\n{match.group(3)}", text)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)
