"""Design spaces: axes, dependent values and conditions by hand, and one message for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.explore.sweeps.axes import values_of
from accelsim.explore.sweeps.space import Space, load_space
from accelsim.explore.sweeps.space_file import Range
from tests.unit.sweeps import SPACE, write_space


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return load_space(write_space(tmp_path))


def test_the_grid_is_every_combination_that_meets_the_conditions(space: Space) -> None:
    """rows 4, 8, 16 with cols = 2 * rows: 32, 128, 512 PEs, of which two are at most 300; two lanes, two bits."""
    found = [(d.values["array.rows"], d.values["array.cols"], d.bits, d.values["decoder.lanes"]) for d in space.grid()]
    assert found == [
        (rows, 2 * rows, bits, lanes) for rows in (4, 8) for bits in ("w4a4", "w8a8") for lanes in (4, None)
    ]


def test_what_plans_do_not_read_changes_fastest(space: Space) -> None:
    assert [axis.name for axis in space.axes] == ["hardware", "array.rows", "bits", "decoder.lanes"]


def test_a_machine_is_what_overrides_make(space: Space) -> None:
    machine = space.machine(next(space.grid()))
    assert machine == load_hardware("zcu102", ["dram.channels=2", "array.rows=4", "array.cols=8", "decoder.lanes=4"])


def test_ranges() -> None:
    def walked(**keys: float) -> tuple[float, ...]:
        return values_of(Range(**keys), "here")  # type: ignore[arg-type]

    assert walked(first=8, last=128, factor=2) == (8, 16, 32, 64, 128)
    assert walked(first=100, last=350, step=100) == (100, 200, 300)
    assert walked(first=1.5, last=4, step=0.5) == (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
    for keys in ({}, {"step": 1.0, "factor": 2.0}):
        with pytest.raises(InputError, match="both or neither of step and factor"):
            walked(first=1, last=2, **keys)
    with pytest.raises(InputError, match="a range of 100000 values or more"):
        walked(first=1, last=10**9, step=1)
    with pytest.raises(InputError, match="no values"):
        walked(first=8, last=4, step=1)


WRONG = {
    "arary.rows: [8]": ("there is no field 'arary.rows'", "did you mean 'array.rows'?"),
    "array.rows: [8, eight]": (":6: array.rows: found 'eight'", "an integer > 0"),
    "array.rows: [8, 0]": (":6: array.rows: found 0", "<= 65536"),
    "array.rows: [8, 8]": (":6: 8 is there twice",),
    "array.rows: []": (":6: no values",),
    "array.dataflow: [ws, vs]": ("array.dataflow: found 'vs'", "ws, os, is or dot"),
    "dram.preset: [ddr4-2400, ddr9]": ("no such preset",),
    "array.rows: rows": (":6: found 'rows'", "= rows"),
    "array.rows: = cols": ("array.rows depends on itself",),
    "array.rows: {first: 8, last: 64}": ("both or neither",),
    "array.rows: = 2 *": ("is no expression",),
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_values_are_found_before_anything_runs(line: str, tmp_path: Path) -> None:
    text = SPACE.replace("array.rows: {first: 4, last: 16, factor: 2}", line).replace("= 2 * rows", "= rows")
    with pytest.raises(InputError) as error:
        load_space(write_space(tmp_path, text))
    for part in WRONG[line]:
        assert part in str(error.value)
    assert "space.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("rows * cols <= 300", "rows * colls <= 300", ["space.yaml:9: no field 'colls'; did you mean 'cols'?"]),
        ("rows * cols <= 300", "rows * cols <= 1", ["no combination meets the conditions"]),
        ("rows * cols <= 300", "open('x')", ["space.yaml:9:"]),
        ("[w4a4, w8a8]", "[w4a4, w9a4]", ["space.yaml:8: found 'w9a4'", "2..8"]),
        ("[w4a4, w8a8]", "[w4a4, none.yaml]", ["none.yaml", "no such file"]),
        ("[w4a4, w8a8]", "[{codesign: {speedup: -1}}]", ["space.yaml:8"]),
        ("[tiny.yaml]", "[tinny.yaml]", ["tinny.yaml: no such file", "tiny.yaml"]),
        ("hardware: zcu102", "hardware: zcu10", ["did you mean 'zcu102'?"]),
        ("hardware: zcu102", "hardwear: zcu102", ["hardwear: unknown key", "did you mean 'hardware'?"]),
        ("channels: 2", "channels: two", ["space.yaml:3", "dram.channels"]),
    ],
)
def test_wrong_files(old: str, new: str, parts: list[str], tmp_path: Path) -> None:
    assert old in SPACE
    with pytest.raises(InputError) as error:
        load_space(write_space(tmp_path, SPACE.replace(old, new)))
    for part in parts:
        assert part in str(error.value)


def test_allocation_files_and_searched_bits_are_bits(tmp_path: Path) -> None:
    layers = "".join(f"{name}: {{weights: dybit4, activations: dybit8}}\n" for name in ("stem", "mix", "fc"))
    (tmp_path / "mix.yaml").write_text(layers, encoding="utf-8")
    space = load_space(
        write_space(tmp_path, SPACE.replace("[w4a4, w8a8]", "[mix.yaml, {codesign: {speedup: 2, widths: [4, 8]}}]"))
    )
    (network,) = space.networks
    assert network.precisions["mix.yaml"].weights["mix"].name == "dybit4"
    assert list(space.codesigns) == ["codesign 2x of 4/8"]
