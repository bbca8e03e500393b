"""docs/dybit.md: its examples run, its tables are the code's, its comparison is what the script prints."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from quant import get_format

PAGE = Path(__file__).parents[2] / "docs" / "dybit.md"

# "Measured normalised RMSE at 4 bits, best scale, per tensor" of the project's design, measured independently of this
# code; Student-t figures there are of one sample, and lie within the spread of ours.
DESIGN_RMSE = {("Gaussian", "int4"): 0.115, ("Gaussian", "dybit4"): 0.123, ("Laplace", "dybit4"): 0.146}


def test_examples_of_the_page() -> None:
    failed, attempted = doctest.testfile(str(PAGE), module_relative=False)
    assert failed == 0
    assert attempted > 0


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(title, 1)[1].split("\n#", 1)[0]


@pytest.mark.parametrize(("intro", "signed"), [("Unsigned:", False), ("Signed, the codes", True)])
def test_code_tables_of_the_page(intro: str, signed: bool) -> None:
    table = section("### Code tables").split(intro)[1].split("\n\n")[1]
    rows = re.findall(r"`([01]+)` \| ([\d.]+)", table)
    for code, value in rows:
        assert get_format(f"dybit{len(code)}", signed).codebook[int(code, 2)] == float(value)
    listed_codes = sum(2 ** (bits - signed) for bits in (2, 3, 4))
    assert len(set(rows)) == listed_codes


def test_comparison_of_the_page_can_be_rerun() -> None:
    script, shown = re.findall(r"```(?:python|text)\n(.*?)```", section("## How it compares"), re.DOTALL)
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    rows = [re.fullmatch(r"(\S+) +(\S+) +([\d.]+) \(.*\)", line) for line in printed.splitlines()]
    shown_rows = [re.fullmatch(r"(\S+) +(\S+) +([\d.]+) \(.*\)", line) for line in shown.splitlines()]
    rmse = {(row[1], row[2]): float(row[3]) for row in rows if row}
    assert rmse == pytest.approx({(row[1], row[2]): float(row[3]) for row in shown_rows if row}, abs=0.0015)
    assert {key: rmse[key] for key in DESIGN_RMSE} == pytest.approx(DESIGN_RMSE, abs=0.003)
