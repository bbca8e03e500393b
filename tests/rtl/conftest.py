"""Runs a cocotb driver on a Verilog top in Icarus; skips where a tool is missing."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

DRIVERS = Path(__file__).parent / "drivers"
RTL = Path(__file__).parents[2] / "rtl"

Simulate = Callable[..., Path]


@pytest.fixture
def icarus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    """`icarus(top, driver, **parameters)` runs the cocotb tests of drivers/DRIVER.py; gives the directory they ran in."""
    missing = [] if shutil.which("iverilog") else ["Icarus Verilog (Debian's package iverilog)"]
    missing += [] if importlib.util.find_spec("cocotb") else ["cocotb (pip install -e '.[rtl]')"]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")
    monkeypatch.syspath_prepend(DRIVERS)  # the runner hands its path on to the simulator's Python

    def simulate(top: str, driver: str, **parameters: int) -> Path:
        from cocotb_tools.runner import get_runner

        runner, log = get_runner("icarus"), tmp_path / "run.log"
        runner.build(
            sources=[*sorted(RTL.glob("*.v")), *sorted(DRIVERS.glob("*.v"))],
            hdl_toplevel=top,
            parameters=parameters,
            build_args=["-g2005", "-Wall"],
            timescale=("1ns", "1ns"),
            build_dir=tmp_path,
        )
        try:
            runner.test(hdl_toplevel=top, test_module=driver, build_dir=tmp_path, test_dir=tmp_path, log_file=log)
        except SystemExit:
            pytest.fail(log.read_text(encoding="utf-8"), pytrace=False)
        return tmp_path

    return simulate
