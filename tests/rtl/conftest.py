"""A fixture that runs a cocotb driver in Icarus, or skips where a tool is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rtl.icarus import missing_tools, simulate

Simulate = Callable[..., Path]


@pytest.fixture
def icarus(tmp_path: Path) -> Simulate:
    """`icarus(top, driver, **parameters)` is `simulate` in a directory of the test's own, which it returns."""
    if missing := missing_tools():
        pytest.skip(f"needs {missing}")

    def run(top: str, driver: str, *, vcd: bool = False, **parameters: int) -> Path:
        simulate(tmp_path, top, driver, vcd=vcd, **parameters)
        return tmp_path

    return run
