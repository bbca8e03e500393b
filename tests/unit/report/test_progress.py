"""The progress bar: steps, layer names, and silence where nobody watches."""

from __future__ import annotations

import io
import os
import pty
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from accelsim.report import progress as module
from accelsim.report.progress import progress


@contextmanager
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal to write to, and the descriptor at its other end."""
    outer, inner = pty.openpty()
    with os.fdopen(inner, "w") as stream:
        yield stream, outer
    os.close(outer)


def shown(outer: int) -> str:
    """All that was written since the last look."""
    text = b""
    while select.select([outer], [], [], 0.05)[0]:
        text += os.read(outer, 65536)
    return text.decode()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar that draws every step."""
    monkeypatch.setattr(module, "_REFRESH_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def test_nothing_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with progress("net", 2, stream) as step:
        step("conv1")
        step("fc")
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("eager")
def test_a_step_for_each_layer() -> None:
    with terminal() as (stream, outer):
        with progress("net", 2, stream) as step:
            assert "0/2" in shown(outer)
            step("conv1")
            text = shown(outer)
            assert "net" in text
            assert "1/2" in text
            assert "conv1" in text
            step("fc")
            assert "2/2" in shown(outer)
        assert "\x1b[2K" in shown(outer)  # the line is erased at the end


@pytest.mark.usefixtures("eager")
def test_markup_in_names_is_text() -> None:
    with terminal() as (stream, outer), progress("[net]", 1, stream) as step:
        step("[/a]")
        text = shown(outer)
        assert "[net]" in text
        assert "[/a]" in text


def test_no_more_than_ten_drawings_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with terminal() as (stream, outer), progress("net", 1000, stream) as step:
        for index in range(1000):
            step(f"layer{index}")
        assert shown(outer).count("/1000") <= 3  # at the start, and once per tenth of a second: the steps take none
