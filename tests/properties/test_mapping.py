"""Random networks on random machines: what every schedule holds, whatever the shapes, widths and buffers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accelsim.mapping.layout import Run
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.planner import plan_network
from accelsim.mapping.problem import tiling_problem
from accelsim.mapping.schedule import Load, OutputTile
from accelsim.mapping.share import ways_to_share
from accelsim.mapping.tiles import Tiling, buffer_needs, candidates, estimated_cycles, moved_bytes
from accelsim.mapping.tiling import NEARLY_FASTEST, Space, TilingSearch
from accelsim.simulation import memory_view, run_network
from accelsim.workload.layers import elements
from tests.properties.mapped_networks import MEMORY, Case, cases

modest = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def inside(run: Run, region: tuple[int, int]) -> bool:
    return region[0] <= run.address and run.address + run.size_bytes <= region[1]


def runs_of(loads: Iterable[Load | OutputTile]) -> list[Run]:
    return [run for load in loads for run in load.runs]


def size_of(runs: Iterable[Run]) -> int:
    return sum(run.size_bytes for run in runs)


def overlap(runs: Iterable[Run]) -> bool:
    ordered = sorted(runs)
    return any(sum(run) > following.address for run, following in pairwise(ordered))


@modest
@given(cases())
def test_tiles_partition_the_work(case: Case) -> None:
    """Between the tiles of a core, and between the cores that share an image."""
    for layer, *plans in zip(case.workload.layers, *case.schedule.programs, strict=True):
        assert all(plan.layer == layer for plan in plans)
        assert sum(plan.macs for plan in plans) == layer.macs
        if layer.is_view:
            assert not any(plan.outputs for plan in plans)
            continue
        assert sum(tile.elements for plan in plans for tile in plan.outputs) == (
            elements(layer.raw_shape)
            if layer.on_array
            else max(elements(layer.input_shape), elements(layer.output_shape))
        )
        assert {row for plan in plans for row in range(*plan.rows)} == set(range(layer.output_shape[1]))


@modest
@given(cases())
def test_a_core_uses_every_tile_and_completes_its_rows(case: Case) -> None:
    for plan in case.schedule.plans:
        operands = [index for tile in plan.outputs for index in tile.loads]
        inputs = {step.input_load for step in plan.steps} - {None}
        assert sorted([*inputs, *operands], key=int) == list(range(len(plan.loads)))
        done = [step.output for step in plan.steps if step.ends_output]
        assert done == (list(range(len(plan.outputs))) if plan.layer.on_array else [])
        assert max((tile.rows_done for tile in plan.outputs), default=0) == plan.rows[1]


@modest
@given(cases())
def test_predicted_traffic_is_what_the_runs_move(case: Case) -> None:
    for plan in case.schedule.plans:
        for load in plan.loads + plan.weight_loads:
            assert size_of(load.runs) == load.size_bytes
        traffic = plan.traffic
        assert size_of(runs_of(plan.weight_loads + plan.loads)) == traffic.read_bytes
        assert size_of(runs_of(plan.outputs)) == traffic.output_bytes
        if plan.steps:
            assert size_of(runs_of(plan.weight_loads)) == traffic.weight_bytes + traffic.parameter_bytes
            assert size_of(runs_of(plan.loads)) == traffic.input_bytes + traffic.operand_bytes


@modest
@given(cases())
def test_runs_stay_in_their_tensor_and_results_are_written_once(case: Case) -> None:
    workload, schedule = case.workload, case.schedule
    layouts, parameters, footprint_bytes = memory_map(workload, case.hardware, case.precision)
    regions = {name: (layout.address, layout.address + layout.size_bytes) for name, layout in layouts.items()}
    whole = [regions[name] for name, place in workload.storage.items() if name == place]
    assert not overlap(Run(start, end - start) for start, end in whole)
    for view in (layer for layer in workload.layers if layer.is_view):  # its parts fill it, one behind the other
        edges = [edge for part in view.inputs for edge in regions[part]]
        assert [edges[0], *edges[1:-1:2], edges[-1]] == [regions[view.name][0], *edges[2::2], regions[view.name][1]]
    assert schedule.footprint_bytes == footprint_bytes >= max(end for _, end in whole)
    for layer, *plans in zip(workload.layers, *schedule.programs, strict=True):
        name, written = layer.name, [run for plan in plans for run in runs_of(plan.outputs)]
        assert not overlap(written)
        assert all(inside(run, regions[name]) for run in written)
        assert layer.is_view or size_of(written) == (0 if plans[0].resident_bytes else layouts[name].size_bytes)
        for load in (load for plan in plans for load in plan.loads + plan.weight_loads):
            assert not overlap(load.runs)
            region = (parameters[name], min(start for start, _ in whole))
            assert all(inside(run, regions[load.tensor] if load.tensor else region) for run in load.runs)


@modest
@given(cases())
def test_tiles_fit_the_buffers_beside_resident_tensors(case: Case) -> None:
    buffers, storage = case.hardware.buffers, case.workload.storage
    resident: dict[str, int] = {}
    plans = case.schedule.plans  # of several cores none has residents
    for index, plan in enumerate(plans):
        if plan.resident_bytes:
            resident[plan.layer.name] = plan.resident_bytes
        room = buffers.input_bytes - sum(resident.values())
        operands = {index for tile in plan.outputs for index in tile.loads}
        inputs = max((load.kept_bytes for number, load in enumerate(plan.loads) if number not in operands), default=0)
        taken = max((sum(plan.loads[index].kept_bytes for index in tile.loads) for tile in plan.outputs), default=0)
        assert inputs + taken <= room
        assert max((load.kept_bytes for load in plan.weight_loads), default=0) <= buffers.weight_bytes
        assert max((tile.reserved_bytes for tile in plan.outputs), default=0) <= buffers.output_bytes
        assert all(tile.encoded_bytes <= tile.reserved_bytes for tile in plan.outputs)
        later = [plan.layer for plan in plans[index + 1 :]]
        needed = {storage[name] for layer in later for name in (layer.name, *layer.reads) if not layer.is_view}
        freed = {name for name in resident if storage[name] not in needed}
        assert plan.freed_bytes == sum(resident.pop(name) for name in freed)
    assert not resident


@modest
@given(cases())
def test_every_schedule_runs_to_its_end_and_moves_what_was_predicted(case: Case) -> None:
    workload, hardware, precision = case.workload, case.hardware, case.precision
    result = run_network(workload, hardware, precision)
    programs = plan_network(workload, hardware, precision, memory_view(hardware, None)).programs
    for layer, *plans in zip(result.layers, *programs, strict=True):
        assert layer.dram_read_bytes == sum(plan.traffic.read_bytes for plan in plans)
        assert layer.dram_write_bytes == sum(plan.traffic.output_bytes for plan in plans)
    for core, program in enumerate(programs):
        engines = [result.statistics[f"core{core}"][f"{name}_dma"] for name in ("weight", "input", "output")]
        assert sum(engine["read_bytes"] for engine in engines) == sum(plan.traffic.read_bytes for plan in program)
        assert sum(engine["write_bytes"] for engine in engines) == sum(plan.traffic.output_bytes for plan in program)


@modest
@given(cases(), st.tuples(*[st.integers(100, 300_000)] * 3), st.floats(1, 8))
def test_the_search_is_exhaustive_and_room_never_costs_more_than_is_allowed(
    case: Case, sizes: tuple[int, int, int], factor: float
) -> None:
    workload, hardware, precision = case.workload, case.hardware, case.precision
    layouts = memory_map(workload, hardware, precision).layouts
    ping_pong = hardware.buffers.ping_pong
    for layer in workload.layers:
        if not layer.on_array:
            continue
        share = ways_to_share(layer, hardware.cores_per_image)[0][-1]
        problem = tiling_problem(layer, share, precision, hardware, layouts, frozenset())
        search = TilingSearch(problem, MEMORY, ping_pong=ping_pong)
        space = Space(*sizes)
        fitting = []
        columns: Any = candidates(problem)
        for sizes_of_one in zip(*(column.tolist() for column in columns), strict=True):
            tiling = Tiling(*sizes_of_one)
            needs = buffer_needs(problem, tiling, ping_pong=ping_pong)
            if all(need <= limit for need, limit in zip(needs, space, strict=True)):
                traffic = int(sum(moved_bytes(problem, tiling)))
                fitting.append((traffic, float(estimated_cycles(problem, tiling, traffic, MEMORY))))
        allowed = NEARLY_FASTEST * min((cycles for _, cycles in fitting), default=math.inf)
        best = min((cost for cost in fitting if cost[1] <= allowed), default=(math.inf, math.inf))
        assert search.cost(space) == best
        roomier = Space(*(int(size * factor) for size in space))
        assert search.cost(roomier).cycles <= NEARLY_FASTEST * search.cost(space).cycles
