"""The dump of one tile, and what the figure of docs/rtl.md says of it."""

from __future__ import annotations

import pytest

from tests.rtl.conftest import Simulate

pytest.importorskip("vcd", reason="needs pyvcd (pip install -e '.[rtl]')")


def test_one_tile(icarus: Simulate) -> None:
    """4 + 6 + 6 + 4 + 3 - 2 = 21 cycles after the first load the last sum of the last column stands there."""
    from docs.figures.tile_waveform import COLS, ROWS, TOP, draw, read_vcd, simulated

    waves = read_vcd(icarus("decoded_array", "drive_tile", vcd=True, ROWS=ROWS, COLS=COLS) / "tile.vcd")
    first = waves[TOP + "load"].index("1")
    valid = [bits[0] for bits in waves[TOP + "sums_valid"]]  # of the last column
    last = len(valid) - 1 - valid[::-1].index("1")
    assert last - first == 21
    tile = simulated()
    assert tile["multiply"] == (0, 21)
    assert len(draw(waves, tile).axes) == 2
