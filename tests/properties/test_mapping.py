"""Random networks on random machines: what every schedule holds, whatever the shapes, widths and buffers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from accelsim.config.hardware import Hardware
from accelsim.errors import MappingError
from accelsim.mapping.layout import Run
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.planner import plan_network
from accelsim.mapping.problem import tiling_problem
from accelsim.mapping.schedule import Load, OutputTile, Schedule
from accelsim.mapping.tiles import Memory, Tiling, buffer_needs, candidates, estimated_cycles, moved_bytes
from accelsim.mapping.tiling import Space, TilingSearch
from accelsim.simulation import memory_view, run_network
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Shape, Window, Workload, elements
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision

Plans = tuple[Workload, Hardware, Precision, Schedule]
MEMORY = Memory(bytes_per_cycle=16.0, latency_cycles=20)
BITS = ("w4a4", "w8a8", "w2a3", "w5a2", "fp32")

modest = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@st.composite
def windows(draw: st.DrawFn, shape: Shape) -> dict[str, int]:
    """A square window that fits the tensor, strides that leap over rows and wide padding included."""
    kernel = draw(st.integers(1, min(5, shape[1], shape[2])))
    return {"kernel": kernel, "stride": draw(st.integers(1, 4)), "padding": draw(st.integers(0, kernel - 1))}


def windowed(channels: int, shape: Shape, window: dict[str, int]) -> Shape:
    square = Window(*((window[key], window[key]) for key in ("kernel", "stride", "padding")))
    return (channels, *square.output_size(*shape[1:]))


@st.composite
def convolutional(draw: st.DrawFn) -> dict[str, Any]:
    """Convolutions, some grouped or depthwise, with pools and residual adds, and a classifier at the end."""
    shapes: dict[str, Shape] = {"image": (draw(st.integers(1, 70)), draw(st.integers(1, 20)), draw(st.integers(1, 20)))}
    layers: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, 5))):
        name, source = f"layer{index}", draw(st.sampled_from(sorted(shapes)))
        shape = shapes[source]
        window = draw(windows(shape))
        if draw(st.integers(0, 4)) == 0:
            layers.append({"name": name, "kind": "pool", "mode": "max", "input": source, **window})
            shapes[name] = windowed(shape[0], shape, window)
            continue
        groups = draw(st.sampled_from([groups for groups in (1, 2, 3, shape[0]) if shape[0] % groups == 0]))
        channels = groups * draw(st.integers(1, 70 if groups == 1 else 3))
        raw = windowed(channels, shape, window)
        post, shape = draw(post_operations(raw, shapes))
        layers.append(
            {"name": name, "kind": "conv2d", "input": source, "out_channels": channels, "groups": groups, "post": post}
            | window
        )
        shapes[name] = shape
    if draw(st.booleans()):
        source = layers[-1]["name"]
        layers.append({"name": "fc", "kind": "linear", "input": source, "out_channels": 10, "view": "flatten"})
    return {"name": "net", "input": {"shape": shapes["image"]}, "layers": layers}


@st.composite
def post_operations(draw: st.DrawFn, shape: Shape, shapes: dict[str, Shape]) -> tuple[list[Any], Shape]:
    """A residual add before or behind a pool, where a tensor of the right shape is at hand."""
    post: list[Any] = ["batch_norm", "relu"]
    for kind in draw(st.permutations(("add", "pool"))):
        equal = [name for name, other in shapes.items() if other == shape]
        if kind == "add" and equal:
            post.append({"add": draw(st.sampled_from(equal))})
        elif kind == "pool" and draw(st.booleans()):
            window = draw(windows(shape))
            post.append({"max_pool": window})
            shape = windowed(shape[0], shape, window)
    if draw(st.integers(0, 3)) == 0:
        post.append("global_avg_pool")
        shape = (shape[0], 1, 1)
    return post, shape


@st.composite
def attention(draw: st.DrawFn) -> dict[str, Any]:
    """One attention block on an image cut into tokens, read out at the class token."""
    heads, side = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    features = heads * draw(st.integers(1, 40))

    def linear(name: str, source: str, **keys: Any) -> dict[str, Any]:
        return {"name": name, "kind": "linear", "input": source, "out_channels": features, **keys}

    return {
        "name": "net",
        "input": {"shape": [features, side, side]},
        "layers": [
            {"name": "tokens", "kind": "class_token", "input": "image"},
            {"name": "norm", "kind": "layer_norm", "input": "tokens"},
            linear("q", "norm"),
            linear("k", "norm"),
            linear("v", "norm"),
            {"name": "scores", "kind": "matmul", "input": "q", "other": "k", "heads": heads, "transpose_other": True},
            {"name": "softmax", "kind": "softmax", "input": "scores", "heads": heads},
            {"name": "context", "kind": "matmul", "input": "softmax", "other": "v", "heads": heads},
            linear("proj", "context", post=["bias", {"add": "tokens"}]),
            {"name": "sum", "kind": "add", "input": "proj", "other": "tokens"},
            linear("head", "sum", view="first_token"),
        ],
    }


networks = (convolutional() | attention()).map(json.dumps).map(parse_workload)


@st.composite
def machines(draw: st.DrawFn) -> Hardware:
    """Small arrays and buffers, so that tiles are many and tight."""
    edge = st.sampled_from((1, 4, 12, 16, 48, 64))
    buffer = st.sampled_from((300, 1_000, 4_000, 30_000, 200_000))
    array = {
        "rows": draw(edge),
        "cols": draw(edge),
        "dataflow": draw(st.sampled_from(("ws", "os", "is"))),
        "shadow_registers": draw(st.booleans()),
        "accumulator_bits": draw(st.sampled_from((16, 32))),
    }
    buffers = {f"{name}_bytes": draw(buffer) for name in ("weight", "input", "output")}
    buffers |= {"ping_pong": draw(st.booleans()), "activation_residency": draw(st.booleans())}
    return Hardware.model_validate(
        {
            "name": "machine",
            "clock_hz": 10**9,
            "array": array,
            "buffers": buffers,
            "vector": {"lanes": 16},
            "dram": {"preset": "ideal"},
        }
    )


@st.composite
def plans(draw: st.DrawFn) -> Plans:
    """A network, a machine that it fits, a precision, and the schedule."""
    workload, hardware, bits = draw(networks), draw(machines()), draw(st.sampled_from(BITS))
    precision = uniform_precision(workload, bits) if bits == "fp32" else resolve_precision(workload, bits)
    try:
        return workload, hardware, precision, plan_network(workload, hardware, precision, MEMORY)
    except MappingError:
        reject()


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
@given(plans())
def test_tiles_partition_the_work(found: Plans) -> None:
    workload, _, _, schedule = found
    for layer, plan in zip(workload.layers, schedule.plans, strict=True):
        assert plan.layer == layer
        assert sum(step.tile.macs for step in plan.steps) == layer.macs
        done = [step.output for step in plan.steps if step.ends_output]
        assert done == (list(range(len(plan.outputs))) if layer.on_array else [])
        assert sum(tile.elements for tile in plan.outputs) == (
            elements(layer.raw_shape)
            if layer.on_array
            else max(elements(layer.input_shape), elements(layer.output_shape))
        )
        assert max(tile.rows_done for tile in plan.outputs) == layer.output_shape[1]


@modest
@given(plans())
def test_predicted_traffic_is_what_the_runs_move(found: Plans) -> None:
    for plan in found[-1].plans:
        for load in plan.loads + plan.weight_loads:
            assert size_of(load.runs) == load.size_bytes
        traffic = plan.traffic
        assert size_of(runs_of(plan.weight_loads + plan.loads)) == traffic.read_bytes
        assert size_of(runs_of(plan.outputs)) == traffic.output_bytes
        if plan.steps:
            assert size_of(runs_of(plan.weight_loads)) == traffic.weight_bytes + traffic.parameter_bytes
            assert size_of(runs_of(plan.loads)) == traffic.input_bytes + traffic.operand_bytes


@modest
@given(plans())
def test_runs_stay_in_their_tensor_and_results_are_written_once(found: Plans) -> None:
    workload, hardware, precision, schedule = found
    layouts, parameters, footprint_bytes = memory_map(workload, hardware, precision)
    regions = {name: (layout.address, layout.address + layout.size_bytes) for name, layout in layouts.items()}
    assert not overlap(Run(start, end - start) for start, end in regions.values())
    assert schedule.footprint_bytes == footprint_bytes >= max(end for _, end in regions.values())
    for plan in schedule.plans:
        name = plan.layer.name
        assert not overlap(runs_of(plan.outputs))
        assert all(inside(run, regions[name]) for run in runs_of(plan.outputs))
        for load in plan.loads + plan.weight_loads:
            assert not overlap(load.runs)
            region = (parameters[name], layouts[workload.input_name].address)
            assert all(inside(run, regions[load.tensor] if load.tensor else region) for run in load.runs)


@modest
@given(plans())
def test_tiles_fit_the_buffers_beside_resident_tensors(found: Plans) -> None:
    _, hardware, _, schedule = found
    buffers = hardware.buffers
    resident: dict[str, int] = {}
    for index, plan in enumerate(schedule.plans):
        if plan.resident_bytes:
            resident[plan.layer.name] = plan.resident_bytes
        room = buffers.input_bytes - sum(resident.values())
        operands = {index for tile in plan.outputs for index in tile.loads}
        inputs = max((load.size_bytes for number, load in enumerate(plan.loads) if number not in operands), default=0)
        taken = max((sum(plan.loads[index].size_bytes for index in tile.loads) for tile in plan.outputs), default=0)
        assert inputs + taken <= room
        assert max((load.size_bytes for load in plan.weight_loads), default=0) <= buffers.weight_bytes
        assert max(tile.reserved_bytes for tile in plan.outputs) <= buffers.output_bytes
        assert all(tile.encoded_bytes <= tile.reserved_bytes for tile in plan.outputs)
        read_later = {name for later in schedule.plans[index + 1 :] for name in later.layer.reads}
        freed = {name for name in resident if name not in read_later}
        assert plan.freed_bytes == sum(resident.pop(name) for name in freed)
    assert not resident


@modest
@given(plans())
def test_every_schedule_runs_to_its_end_and_moves_what_was_predicted(found: Plans) -> None:
    workload, hardware, precision, _ = found
    result = run_network(workload, hardware, precision)
    planned = plan_network(workload, hardware, precision, memory_view(hardware, None))
    for plan, layer in zip(planned.plans, result.layers, strict=True):
        assert (layer.dram_read_bytes, layer.dram_write_bytes) == (plan.traffic.read_bytes, plan.traffic.output_bytes)


@modest
@given(plans(), st.tuples(*[st.integers(100, 300_000)] * 3), st.floats(1, 8))
def test_the_search_is_exhaustive_and_room_never_adds_traffic(
    found: Plans, sizes: tuple[int, int, int], factor: float
) -> None:
    workload, hardware, precision, _ = found
    layouts = memory_map(workload, hardware, precision).layouts
    ping_pong = hardware.buffers.ping_pong
    for layer in workload.layers:
        if not layer.on_array:
            continue
        problem = tiling_problem(layer, precision, hardware, layouts, frozenset())
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
        assert search.cost(space) == min(fitting, default=(math.inf, math.inf))
        roomier = Space(*(int(size * factor) for size in space))
        assert search.cost(roomier).traffic_bytes <= search.cost(space).traffic_bytes
