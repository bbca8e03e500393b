"""The table of gates is that of the Verilog as it stands."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

from benchmarks.gates import DESIGNS, TABLE, count_all, sources_digest

COUNTED = json.loads(TABLE.read_text(encoding="utf-8"))


def test_the_verilog_has_not_changed_since() -> None:
    """If this fails after a wanted change: run `python -m benchmarks.gates`, update docs/rtl.md and timing-model.md."""
    assert COUNTED["sources"] == sources_digest()
    assert set(COUNTED["blocks"]) == set(DESIGNS)


def test_yosys_counts_the_same() -> None:
    """Of some small blocks."""
    pytest.importorskip("pyosys", reason="needs Yosys (pip install -e '.[rtl]')")
    if COUNTED["tool"] != f"Yosys {version('pyosys')}":
        pytest.skip(f"counted with {COUNTED['tool']}, installed is {version('pyosys')}")
    names = ("decoder_8", "decoder_lane", "int8_pe")
    assert count_all(names) == {name: COUNTED["blocks"][name] for name in names}
