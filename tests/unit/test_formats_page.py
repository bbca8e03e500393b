"""docs/dybit.md: its examples run, its tables are the code's, its comparison is what the script prints."""

import doctest
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from quant import get_format
from quant.scale_error import Levels

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


@pytest.mark.parametrize(("intro", "signed"), [("Unsigned:", False), ("Signed, the seven bits", True)])
def test_8_bit_tables_of_the_page(intro: str, signed: bool) -> None:
    """Each row's values are those of its codes, in order; the rows together are all codes."""
    table = section("### Code tables").split("At 8 bits")[1].split(intro)[1].split("\n\n")[1]
    rows = re.findall(r"\| (\d) \| `([01m]+)` \| (\d+) \| (\S*) \| (.+) \|", table)
    listed = []
    for ones, code, count, step, values in rows:
        assert code.startswith("1" * int(ones) + "0" * (int(ones) < len(code)))
        first, _, last = values.partition(" to ")
        codes = [int(code.replace("m", mantissa_bit), 2) for mantissa_bit in "01"]
        assert codes[1] - codes[0] + 1 == int(count)
        spaced = [number(first) + index * number(step or "0") for index in range(int(count))]
        assert spaced[-1] == number(last or first)
        listed += spaced
    assert get_format("dybit8", signed).codebook[: 2 ** (8 - signed)].tolist() == [float(value) for value in listed]


def number(text: str) -> Fraction:
    """`1 63/64` and the like."""
    return sum((Fraction(part) for part in text.split()), Fraction(0))


def test_figure_of_the_page_is_there_with_its_script() -> None:
    for name in re.findall(r"figures/[a-z_]+\.\w+", section("### Code tables")):
        assert (PAGE.parent / name).exists()


def test_narrow_widths_are_what_the_page_says() -> None:
    """int2, fp3_e2m0 and fp4_e2m1 but for one code."""
    assert np.array_equal(Levels.of(get_format("dybit2")).values, Levels.of(get_format("int2")).values)
    assert np.array_equal(get_format("dybit3").codebook * 2, get_format("fp3_e2m0").codebook)
    doubled, e2m1 = get_format("dybit4").codebook * 2, get_format("fp4_e2m1").codebook
    different = np.flatnonzero(doubled != e2m1)
    assert (doubled[different].tolist(), e2m1[different].tolist()) == ([8, -8], [6, -6])


def test_comparison_of_the_page_can_be_rerun() -> None:
    script, shown = re.findall(r"```(?:python|text)\n(.*?)```", section("## How it compares"), re.DOTALL)
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    rows = [re.fullmatch(r"(\S+) +(\S+) +([\d.]+) \(.*\)", line) for line in printed.splitlines()]
    shown_rows = [re.fullmatch(r"(\S+) +(\S+) +([\d.]+) \(.*\)", line) for line in shown.splitlines()]
    rmse = {(row[1], row[2]): float(row[3]) for row in rows if row}
    assert rmse == pytest.approx({(row[1], row[2]): float(row[3]) for row in shown_rows if row}, rel=0.005, abs=0.0001)
    assert len(rmse) == 5 * 4 * 2
    assert {key: rmse[key] for key in DESIGN_RMSE} == pytest.approx(DESIGN_RMSE, abs=0.003)
