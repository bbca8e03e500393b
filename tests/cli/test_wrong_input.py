"""Wrong input: exit code 2 and one message that says where, what was found and what is allowed. Never a traceback."""

from __future__ import annotations

import random
from pathlib import Path
from typing import get_args

import pytest

from accelsim.simulation import BaselineName
from tests.cli.conftest import Cli, Outcome
from tests.cli.wrong_inputs import CASES, NET, Case


def check(outcome: Outcome, says: list[str]) -> None:
    """Status 2, nothing on standard output, one line on standard error with these parts in this order."""
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("accelsim: ")
    assert outcome.err.count("\n") == 1
    rest = outcome.err
    for part in says:
        assert part in rest
        rest = rest.split(part, 1)[1]


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_wrong_input(cli: Cli, case: Case) -> None:
    Path("net.yaml").write_text(case.net, encoding="utf-8")
    if case.other:
        Path("other.yaml").write_text(case.other, encoding="utf-8")
    check(cli("run", "net.yaml", *case.options), case.says)


def test_the_net_that_the_cases_spoil_is_right(cli: Cli) -> None:
    Path("net.yaml").write_text(NET, encoding="utf-8")
    assert cli("run", "net.yaml").status == 0


def test_missing_file(cli: Cli) -> None:
    Path("net.yaml").touch()
    check(cli("run", "nett.yaml"), ["nett.yaml: no such file; did you mean 'net.yaml'?"])
    check(cli("run", "net\nwork\x1b.yaml"), ["net\\nwork\\x1b.yaml: no such file"])


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(cli: Cli, seed: int) -> None:
    Path("net.yaml").write_bytes(random.Random(seed).randbytes(4096))
    for command in (("run", "net.yaml"), ("run", "x.yaml", "--hardware", "net.yaml"), ("show", "workload", "net.yaml")):
        outcome = cli(*command)
        check(outcome, ["x.yaml: no such file" if "x.yaml" in command else "net.yaml"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rn"], ["No such command 'rn'", "'run'", "--help"]),
        (["run"], ["Missing argument 'WORKLOAD'", "run --help"]),
        (["run", "net.yaml", "more.yaml"], ["unexpected extra argument", "more.yaml"]),
        (["show"], ["Missing command", "show --help"]),
        (["show", "hardwar", "zcu102"], ["No such command 'hardwar'", "'hardware'"]),
        (["show", "hardware", "zcu102", "--set", "array=3"], ["--set array=3: array: found 3", "rows, cols"]),
        (["show", "dram", "ddr5"], ["dram 'ddr5': no such preset", "allowed: ddr3-1600"]),
    ],
)
def test_usage(cli: Cli, arguments: list[str], says: list[str]) -> None:
    check(cli(*arguments), says)


def test_json_does_not_change_where_errors_go(cli: Cli) -> None:
    check(cli("run", "net.yaml", "--json"), ["net.yaml: no such file"])


def test_a_process_answers_the_same(process: Cli) -> None:
    check(process("run", "workloads/resnet5.yaml"), ["did you mean 'workloads/resnet50.yaml'?"])


def test_help_names_every_baseline(cli: Cli) -> None:
    assert "|".join(get_args(BaselineName)) in cli("run", "--help").out
