"""The command line as a process: what it imports, closed pipes, full disks, Ctrl-C and SIGTERM."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from glob import glob
from pathlib import Path

import pytest

from accelsim import __version__
from tests.cli.conftest import ROOT, Cli

HEAVY = {"matplotlib", "numpy", "pydantic", "rich", "simpy", "yaml"}
ACCELSIM = [sys.executable, "-m", "accelsim"]


def test_help_imports_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "accelsim", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(re.findall(r"\| +([a-z]\w*)$", done.stderr, flags=re.MULTILINE))
    assert "typer" in imported
    assert not imported & HEAVY
    for name in ("run", "cost-table", "show", "list"):
        assert f"\n  {name} " in done.stdout


def test_version_and_no_command(cli: Cli) -> None:
    assert cli("--version").out == f"accelsim {__version__}\n"
    assert cli().out == cli("--help").out


def test_a_closed_pipe_is_no_error_message() -> None:
    for command in (["list"], ["show", "workload", "workloads/vit_b16.yaml", "--json"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*ACCELSIM, *command], stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_a_failure() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([*ACCELSIM, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("accelsim: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [(signal.SIGINT, 130, "accelsim: interrupted\n"), (signal.SIGTERM, 143, "")],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, number: signal.Signals, status: int, message: str) -> None:
    """The signal comes while the report is being written, or as soon after the start as this test can see that."""
    command = [*ACCELSIM, "run", "workloads/resnet18.yaml", "--out", str(tmp_path / "report")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's `&` job ignores it
    ) as run:
        while run.poll() is None and not glob(f"{tmp_path}/.report-*/*"):
            time.sleep(0.005)
        run.send_signal(number)
        out, err = run.communicate()
    assert (run.returncode, out, err) == (status, "", message)
    assert list(tmp_path.iterdir()) == []
