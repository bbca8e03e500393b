"""`accelsim robustness`: an interval that holds the headline, one row for each assumption."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.config.presets import load_hardware
from accelsim.robustness import moved_machines
from tests.cli.conftest import Cli
from tests.cli.test_wrong_input import check


def test_the_interval_holds_the_headline_and_every_row(cli: Cli, tiny: Path) -> None:
    found = cli("robustness", tiny, "--hardware", "zcu102", "--json").document
    run = cli("run", tiny, "--hardware", "zcu102", "--json").document
    assert found["speedup"] == run["speedup"]
    speedups = [row["speedup"] for row in found["moved"]]
    assert (found["low"], found["high"]) == (min([*speedups, run["speedup"]]), max([*speedups, run["speedup"]]))
    assert {row["assumption"] for row in found["moved"]} == {
        "DRAM efficiency",
        "refresh",
        "decoder latency",
        "vector throughput",
        "tile choice",
    }


def test_with_ideal_memory_there_is_no_dram_to_move(cli: Cli, tiny: Path) -> None:
    shown = cli("robustness", tiny).out  # the machine is scalesim
    assert "DRAM" not in shown
    assert "decoder latency" in shown


def test_the_example_of_the_page() -> None:
    machines = {(name, change): machine for name, change, machine in moved_machines(load_hardware("zcu102"))}
    assert (
        machines["refresh", "none"].clock_hz == 300_000_000 * (8328 - 278) // 8328 == pytest.approx(289.986e6, abs=1e3)
    )
    assert machines["DRAM efficiency", "+20 %"].clock_hz == 250_000_000


def test_wrong_baseline(cli: Cli, tiny: Path) -> None:
    check(cli("robustness", tiny, "--baseline", "none"), ["--baseline: found 'none'", "fp32, iso-area, int8"])
