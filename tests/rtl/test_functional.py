"""What the array in Verilog makes of codes is what the array of a functional run makes of them."""

from __future__ import annotations

from pathlib import Path

from tests.rtl.conftest import Simulate
from tests.rtl.functional_tiles import WIDTHS, write_tiles


def test_tiles_of_functional_runs(icarus: Simulate, tmp_path: Path) -> None:
    """Three layers in every mode: codes through the decoders into the array, partial sums out."""
    rows, cols = 4, 3
    assert write_tiles(tmp_path / "tiles.npz", rows, cols) >= 3 * len(WIDTHS)
    icarus("decoded_array", "drive_functional", ROWS=rows, COLS=cols)
