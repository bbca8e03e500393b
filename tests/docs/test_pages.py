"""Every page: its links lead somewhere, and the commands in its text are commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accelsim.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")
COMMAND = re.compile(r"`accelsim (list|(?:list|show) [^`]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = LINK.findall(COMMENT.sub("", page.read_text(encoding="utf-8")))
    files = [target for target in targets if "://" not in target]
    assert [target for target in files if not (page.parent / target).exists()] == []


def commands() -> list[str]:
    """Commands without a placeholder such as FILE."""
    found = {command for page in PAGES for command in COMMAND.findall(page.read_text(encoding="utf-8"))}
    return sorted(command for command in found if not re.search(r"\b[A-Z]{2,}\b", command))


@pytest.mark.parametrize("command", commands())
def test_commands_in_the_text_run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 0
    assert capsys.readouterr().out


def test_readme_links_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in ROOT.glob("docs/*.md") if f"(docs/{page.name})" not in readme] == []
