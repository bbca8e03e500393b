"""The command line as tests run it: in this process, with what it printed; `process` runs a real one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accelsim.cli import main

ROOT = Path(__file__).parents[2]

#: A residual block and a classifier: every kind of traffic, done in a moment.
TINY = """\
name: tiny
hardware: scalesim
pins: {stem: w8a8, fc: w8a8}
input: {name: image, shape: [3, 16, 16]}
layers:
- {name: stem, kind: conv2d, input: image, out_channels: 8, kernel: 3, padding: 1, post: [batch_norm, relu]}
- {name: mix, kind: conv2d, input: stem, out_channels: 8, kernel: 3, padding: 1, post: [{add: stem}, relu]}
- {name: pool, kind: pool, mode: avg, input: mix, kernel: 16, stride: 16}
- {name: fc, kind: linear, input: pool, view: flatten, out_channels: 10, post: [bias]}
"""


@dataclass(frozen=True)
class Outcome:
    """What a command line came to."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output of a command that succeeded."""
        assert self.status == 0, self.err
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


Cli = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: str | Path) -> Outcome:
        status = main([str(argument) for argument in arguments])
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def process() -> Cli:
    def run(*arguments: str | Path, **options: Any) -> Outcome:
        command = [sys.executable, "-m", "accelsim", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, **options)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path
