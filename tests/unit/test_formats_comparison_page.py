"""docs/formats.md: it names the formats that there are, and its comparison is what its script prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from quant import format_names

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")

# The project's design, measured independently of this code, where its sample does not decide the figure.
DESIGN_RMSE = {
    ("Gaussian", "int4"): 0.115,
    ("Gaussian", "dybit4"): 0.123,
    ("Gaussian", "fp4_e2m1"): 0.113,
    ("Gaussian", "nf4"): 0.100,
    ("Laplace", "dybit4"): 0.146,
    ("Laplace", "fp4_e2m1"): 0.139,
    ("Laplace", "nf4"): 0.133,
}


def rmse_rows(text: str) -> dict[tuple[str, str], float]:
    rows = re.findall(r"^(\S+) +(\S+) +([\d.]+) \(", text, re.MULTILINE)
    return {(distribution, name): float(mean) for distribution, name, mean in rows}


def test_comparison_of_the_page_can_be_rerun() -> None:
    script, shown = re.findall(r"```(?:python|text)\n(.*?)```", PAGE, re.DOTALL)
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    rmse = rmse_rows(printed)
    assert rmse == pytest.approx(rmse_rows(shown), abs=0.0015)
    assert len(rmse) == 5 * 6
    assert {key: rmse[key] for key in DESIGN_RMSE} == pytest.approx(DESIGN_RMSE, abs=0.004)


def test_names_on_the_page_are_names() -> None:
    named = set(re.findall(r"`((?:dybit|int|flint|pot|nf|fp|bf|mxfp|mxint)\d+(?:_e\dm\d)?|posit\d_\d)`", PAGE))
    assert named <= set(format_names())
