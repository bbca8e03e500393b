"""What commands print for programs."""

from __future__ import annotations

import json
from typing import Any

import typer


def document_text(document: dict[str, Any]) -> str:
    """A document as JSON."""
    return json.dumps(document, indent=1, ensure_ascii=False)


def print_document(document: dict[str, Any]) -> None:
    """Print it to standard output, in UTF-8 whatever the terminal's encoding is."""
    typer.echo(document_text(document).encode("utf-8"))
