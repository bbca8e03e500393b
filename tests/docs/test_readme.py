"""README keeps its word: its commands run as written, and its program is the example."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "simulate_resnet50.py"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line.partition("#")[0].strip() for block in blocks("bash") for line in block.splitlines()]
ACCELSIM_COMMANDS = [command for command in COMMANDS if command.startswith("python -m accelsim ")]
FROM_ENCODED = [command for command in ACCELSIM_COMMANDS if ".safetensors" in command]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory like the repository's, with the files that README shows."""
    for name in ("workloads", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    for text in blocks("yaml"):
        name = text.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(text, encoding="utf-8")
    (trace,) = blocks("csv")
    (tmp_path / "trace.csv").write_text(trace, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", [command for command in ACCELSIM_COMMANDS if command not in FROM_ENCODED])
def test_commands_run(command: str, checkout: Path) -> None:
    line = command.replace("python", sys.executable, 1)
    done = subprocess.run(line.split(), cwd=checkout, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_quant_commands_run_in_order(checkout: Path) -> None:
    """And what the simulator makes of an encoded file, when it is there."""
    section = README.partition("## Encode a network")[2].partition("\n## ")[0]
    commands = [line for block in blocks("bash") if block in section for line in block.splitlines()]
    assert FROM_ENCODED
    assert set(FROM_ENCODED) < set(commands)
    for command in commands:
        words = [sys.executable, *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert (checkout / "decoded.npz").exists()
    assert (checkout / "comparison" / "rmse.png").exists()


def test_it_shows_every_command_and_option() -> None:
    shown = {command.split()[3] for command in ACCELSIM_COMMANDS}
    assert shown == {"run", "cost-table", "codesign", "import", "sweep", "memory", "robustness", "show", "list"}
    help_text = subprocess.run(
        [sys.executable, "-m", "accelsim", "run", "--help"], capture_output=True, text=True, check=True
    ).stdout
    options = set(re.findall(r"^  (--[\w-]+)", help_text, flags=re.MULTILINE)) - {"--help"}
    assert [option for option in sorted(options) if option not in README.replace("--no-plots", "--plots")] == []


def test_make_does_what_stands_beside_it() -> None:
    """The targets exist, and run what README shows as the commands by hand."""
    for target in ("run", "test"):
        assert f"make {target}" in COMMANDS
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in COMMANDS:
        if command.startswith(".venv/bin/python"):
            assert f"\t{command}\n" in makefile


def test_the_program_is_the_example_and_prints_an_answer() -> None:
    (program,) = blocks("python")
    assert EXAMPLE.read_text(encoding="utf-8").split('"""\n\n', 1)[1] == program
    printed = subprocess.run([sys.executable, EXAMPLE], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(
        r"\d+\.\d\dx as fast as FP32: \d+\.\d{3} ms\nslowest layer: \S+, \d+ cycles, bound by \w+\n", printed
    )
