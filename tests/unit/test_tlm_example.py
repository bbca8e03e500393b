"""The example and the programs in `docs/tlm.md` run and print what stands beside them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = re.compile(r"```python\n(.*?)```\n+```text\n(.*?)```", re.DOTALL)
PROGRAMS = PROGRAM.findall((ROOT / "docs" / "tlm.md").read_text(encoding="utf-8"))


def output_of(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_example_prints_its_expected_output() -> None:
    script = ROOT / "examples" / "two_initiators.py"
    assert output_of(str(script)) == script.with_suffix(".txt").read_text(encoding="utf-8")


def test_the_page_has_programs() -> None:
    assert len(PROGRAMS) == 2


@pytest.mark.parametrize(("source", "expected"), PROGRAMS)
def test_programs_of_the_page_print_what_it_says(source: str, expected: str) -> None:
    assert output_of("-c", source) == expected


def test_the_page_shows_the_example_as_it_is() -> None:
    source = (ROOT / "examples" / "two_initiators.py").read_text(encoding="utf-8")
    assert source.split('"""\n', 2)[-1].strip() == PROGRAMS[0][0].strip()
