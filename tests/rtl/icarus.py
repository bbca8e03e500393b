"""Compiles rtl/ with Icarus Verilog and runs a cocotb driver on one of its modules."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from unittest.mock import patch

DRIVERS = Path(__file__).parent / "drivers"
RTL = Path(__file__).parents[2] / "rtl"


class SimulationFailed(Exception):
    """A driver found something wrong; the text is the simulator's log."""


def missing_tools() -> str:
    """What has to be installed first; empty if nothing."""
    missing = [] if shutil.which("iverilog") else ["Icarus Verilog (Debian's package iverilog)"]
    missing += [] if importlib.util.find_spec("cocotb") else ["cocotb (pip install -e '.[rtl]')"]
    return " and ".join(missing)


def simulate(directory: Path, top: str, driver: str, *, vcd: bool = False, **parameters: int) -> None:
    """Run the cocotb tests of drivers/DRIVER.py on module `top`, in a directory; with `vcd` vcd_dump.v runs, too.

    Raises SimulationFailed.
    """
    from cocotb_tools.runner import get_results, get_runner

    os.environ["SIM_CMD_SUFFIX"] = "-vcd"  # else the runner has $dumpfile write nothing
    runner, log = get_runner("icarus"), directory / "run.log"
    runner.build(
        sources=[*sorted(RTL.glob("*.v")), *sorted(DRIVERS.glob("*.v"))],
        hdl_toplevel=top,
        parameters=parameters,
        build_args=["-g2005", "-Wall", *(["-s", "vcd_dump"] if vcd else [])],
        timescale=("1ns", "1ns"),
        build_dir=directory,
    )
    try:
        with patch.object(sys, "path", [str(DRIVERS), *sys.path]):  # which the simulator's Python inherits
            results = runner.test(
                hdl_toplevel=top,
                test_module=driver,
                build_dir=directory,
                test_dir=directory,
                log_file=log,
            )
        passed = get_results(results)[1] == 0
    except SystemExit:  # under pytest the runner leaves when a test has failed
        passed = False
    if not passed:
        raise SimulationFailed(log.read_text(encoding="utf-8"))
