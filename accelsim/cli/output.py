"""What commands print: JSON documents, rich renderables, and notes beside them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(document: str | dict[str, Any]) -> None:
    """Print a JSON document, in UTF-8 whatever the terminal's encoding is."""
    if not isinstance(document, str):
        import json

        document = json.dumps(document, indent=1, ensure_ascii=False)
    typer.echo(document.encode("utf-8"))


def print_tables(*tables: RenderableType) -> None:
    """Print rich renderables to standard output; plain text where it is no terminal."""
    from rich.console import Console

    Console(highlight=False).print(*tables, sep="\n")


def note(message: str) -> None:
    """Tell the user something beside the output, on standard error."""
    print(f"accelsim: {message}", file=sys.stderr)
