"""Sweeps: each point once, what is known is not simulated again, and baselines are shared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from accelsim import explore
from accelsim.config.presets import load_hardware
from accelsim.explore.sweeps.driver import context_of
from accelsim.explore.sweeps.jobs import BASELINE, Keys
from accelsim.explore.sweeps.rows import Row
from accelsim.explore.sweeps.space import load_space
from accelsim.explore.sweeps.table import SweepTable
from accelsim.simulation import simulate
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision
from tests.cli.conftest import TINY
from tests.unit.sweeps import SPACE, WITH_FAILURES, write_space


def content(table: SweepTable) -> list[Row]:
    """The rows, without the time that they took."""
    return [replace(row, cpu_seconds=0.0) for row in table.rows]


def test_a_point_is_what_run_finds(tmp_path: Path) -> None:
    table = explore.sweep(write_space(tmp_path), executor="serial")
    assert len(table.rows) == len(table.designs) == 8
    workload = load_workload(tmp_path / "tiny.yaml")
    for row in table.rows:
        overrides = [f"{path}={'null' if value is None else value}" for path, value in row.parameters.items()]
        hardware = load_hardware("zcu102", ["dram.channels=2", *overrides])
        found = simulate(workload, hardware, resolve_precision(workload, row.bits))
        assert found.baseline is not None
        assert (row.cycles, row.trace_hash, row.breakdown) == (
            found.totals.cycles,
            found.trace_hash,
            found.totals.breakdown,
        )
        assert (row.baseline_cycles, row.speedup) == (found.baseline.totals.cycles, pytest.approx(found.speedup))


def test_a_store_is_asked_first(tmp_path: Path) -> None:
    path, store = write_space(tmp_path), tmp_path / "sweep.sqlite"
    first = explore.sweep(path, store, executor="serial")
    again = explore.sweep(path, store, executor="serial")
    assert (first.computed, first.reused) == (8, 0)
    assert (again.computed, again.reused, again.simulation_seconds) == (0, 8, 0.0)
    assert content(first) == content(again)
    wider = explore.sweep(write_space(tmp_path, SPACE.replace("[4, null]", "[2, 4, null]")), store, executor="serial")
    assert (wider.computed, wider.reused) == (4, 8)


def test_failed_points_stay_with_their_message_and_are_tried_again_on_request(tmp_path: Path) -> None:
    path, store = write_space(tmp_path, WITH_FAILURES), tmp_path / "sweep.sqlite"
    table = explore.sweep(path, store, executor="serial")
    failed = [row for row in table.rows if row.failed]
    assert {row.parameters["buffers.input_bytes"] for row in failed} == {64}
    assert len(failed) == table.failed == 12
    assert all("no tile fits buffers.input_bytes" in row.message for row in failed)
    assert len(table.designs) == 36
    again = explore.sweep(path, store, executor="serial")
    assert (again.computed, again.failed) == (0, 12)
    retried = explore.sweep(path, store, executor="serial", retry_failed=True)
    assert (retried.computed, retried.reused, retried.failed) == (12, 36, 12)


def test_a_baseline_that_does_not_fit_costs_the_speedup_alone(tmp_path: Path) -> None:
    """4,096 bytes hold the tiles of 8 bits and fewer, not those of FP32."""
    text = WITH_FAILURES.replace("[64, 32768, 65536, 262144]", "[4096]")
    table = explore.sweep(write_space(tmp_path, text), executor="serial")
    assert (table.failed, table.designs) == (0, ())
    assert all(row.cycles and row.speedup is None for row in table.rows)
    assert all("no tile fits" in (row.baseline_message or "") for row in table.rows)


def test_a_combination_that_is_no_machine_fails_alone(tmp_path: Path) -> None:
    """cols = 1000 * rows is above 65,536 for rows 128 only."""
    text = SPACE.replace("first: 4, last: 16", "first: 4, last: 128").replace("2 * rows", "1000 * rows")
    table = explore.sweep(write_space(tmp_path, text.partition("where")[0]), executor="serial")
    failed = [row for row in table.rows if row.failed]
    assert {row.parameters["array.rows"] for row in failed} == {128}
    assert all("space.yaml:7: array.cols: found 128000" in row.message for row in failed)


def test_baselines_are_shared_by_designs_that_they_cannot_tell_apart(tmp_path: Path) -> None:
    table = explore.sweep(write_space(tmp_path), executor="serial")
    by_array = {row.baseline: row.parameters["array.rows"] for row in table.rows}
    assert sorted(by_array.values()) == [4, 8]  # whatever the decoders and the bits are


def test_keys_tell_apart_what_matters_and_nothing_else(tmp_path: Path) -> None:
    space = load_space(write_space(tmp_path))
    machine, context = space.machine(next(space.grid())), context_of(space)
    keys = Keys(context)
    key = keys.point("tiny", machine, "w4a4")
    assert keys.point("tiny", machine.model_copy(update={"name": "other"}), "w4a4") == key
    assert keys.point("tiny", machine, "w8a8") != key
    assert keys.point("tiny", machine.model_copy(update={"clock_hz": 1}), "w4a4") != key
    assert Keys(replace(context, baseline="int8")).point("tiny", machine, "w4a4") != key
    workload = context.workloads["tiny"]
    renamed = replace(context, workloads={"tiny": replace(workload, name="other", description="else")})
    assert Keys(renamed).point("tiny", machine, "w4a4") == key
    smaller = replace(context, workloads={"tiny": replace(workload, layers=workload.layers[:1])})
    assert Keys(smaller).point("tiny", machine, "w4a4") != key
    decoders = machine.model_copy(update={"decoder": machine.decoder.model_copy(update={"lanes": 1})})
    assert keys.baseline("tiny", decoders) == keys.baseline("tiny", machine)
    assert keys.baseline("tiny", machine).bits == BASELINE


def test_weights_of_networks_count(tmp_path: Path) -> None:
    """Seconds are weighted means; the speed-up is that of the weighted sums."""
    second = TINY.replace("name: tiny", "name: second").replace("out_channels: 8", "out_channels: 16")
    (tmp_path / "second.yaml").write_text(second, encoding="utf-8")
    text = SPACE.replace("[tiny.yaml]", "[{file: tiny.yaml, weight: 3}, second.yaml]")
    table = explore.sweep(write_space(tmp_path, text), executor="serial")
    assert (len(table.rows), len(table.designs)) == (16, 8)
    for design in table.designs:
        first, second = sorted(design.rows, key=lambda row: row.workload, reverse=True)
        assert design.seconds == pytest.approx((3 * first.seconds + second.seconds) / 4)
        assert design.speedup == pytest.approx(
            (3 * first.baseline_seconds + second.baseline_seconds) / (3 * first.seconds + second.seconds)
        )


def test_searched_bits_meet_their_target_and_come_with_the_allocation(tmp_path: Path) -> None:
    text = SPACE.replace("[w4a4, w8a8]", "[w8a8, {codesign: {speedup: 1.1}}]").replace("first: 4", "first: 8")
    table = explore.sweep(write_space(tmp_path, text), executor="serial")
    searched = [row for row in table.rows if row.bits == "codesign 1.1x" and not row.failed]
    assert searched
    for row in searched:
        assert row.speedup is not None
        assert row.speedup >= 1.1
        assert row.allocation is not None
        assert set(row.allocation) == {"stem", "mix", "fc"}
        assert row.allocation["stem"] == ["dybit8", "dybit8"]  # pinned


def test_frames_and_records(tmp_path: Path) -> None:
    table = explore.sweep(write_space(tmp_path), executor="serial")
    frame = table.to_polars()
    assert frame.height == 8
    assert frame["array.rows"].to_list() == [row.parameters["array.rows"] for row in table.rows]
    causes = [column for column in frame.columns if column.startswith("cycles_")]
    assert frame.select(causes).sum_horizontal().to_list() == frame["cycles"].to_list()
    assert frame["speedup"].max() == table.best(1)[0].speedup
