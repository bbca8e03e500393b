"""docs/validation.md is current: its cheap comparison gives what it says, and every comparison has its row."""

import pytest

from benchmarks.validation import scalesim
from benchmarks.validation.__main__ import COMPARISONS
from benchmarks.validation.page import PAGE, block_of, with_comparison


def test_the_table_of_scalesim_is_current() -> None:
    """If this fails after a wanted change of the model: `make validate`."""
    if not scalesim.REFERENCE.exists():
        pytest.skip("the collected SCALE-Sim counts are not beside the checkout")
    text = PAGE.read_text(encoding="utf-8")
    assert with_comparison(text, scalesim.compare()) == text


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_comparison_has_a_row_and_a_table(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"](#{name})" in block_of(text, "summary")
    assert "|---|" in block_of(text, name)
