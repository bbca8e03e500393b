"""`accelsim import`: the file that it writes runs, and wrong input is one message with nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

RESNET8 = "benchmarks.accuracy.networks:ResNet8"


def test_the_file_runs(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "net.yaml"
    done = cli("import", RESNET8, "--input", "1,28,28", "-o", out)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"10 layers, 2,552,000 multiply-accumulates, 77,754 parameters written to {out}\n"
    assert cli("run", out, "--json").document["workload"] == "net"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((RESNET8, "--input", "1x28"), "--input: found '1x28' (allowed: one to three sizes from 1, as in 3,224,224)"),
        ((RESNET8, "--input", "1,28,28,1"), "--input: found '1,28,28,1'"),
        ((RESNET8, "--input", "3,28,28"), "an input of shape (3, 28, 28) cannot be run: "),
        (("benchmarks.accuracy.networks:ResNet9", "--input", "1,8,8"), "did you mean 'ResNet8'?"),
        (("torch.nn:Identity", "--input", "1,8,8"), "no layer that the array runs"),
        (("nothing.here:net", "--input", "1,8,8"), "nothing.here cannot be imported"),
    ],
)
def test_wrong_input(arguments: tuple[str, ...], message: str, cli: Cli, tmp_path: Path) -> None:
    done = cli("import", *arguments, "-o", tmp_path / "net.yaml")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert message in done.err
    assert not list(tmp_path.iterdir())


def test_output_is_checked_first(cli: Cli, tmp_path: Path) -> None:
    done = cli("import", RESNET8, "--input", "1,28,28", "-o", tmp_path / "missing" / "net.yaml")
    assert done.status == 2
    assert "there is no directory" in done.err
