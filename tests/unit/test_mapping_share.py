"""Which part of a layer each core makes: the ways there are, and which of them is taken."""

from __future__ import annotations

import pytest

from accelsim.config.presets import load_hardware
from accelsim.mapping.schedule import LayerPlan
from accelsim.mapping.share import Share, ways_to_share, whole_of
from accelsim.simulation import plan_run
from accelsim.workload.layers import Layer, Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision


def network(shape: str, layers: str) -> Workload:
    return parse_workload(f"{{name: net, input: {{name: x, shape: {shape}}}, layers: [{layers}]}}")


def layer(shape: str, keys: str) -> Layer:
    return network(shape, f"{{name: a, input: x, {keys}}}").layers[0]


def plans(shape: str, layers: str, cores: int, bits: str = "w8a8", *overrides: str) -> tuple[LayerPlan, ...]:
    """What each core does of the last layer, on 32 x 32 PEs with 8 bytes of parameters per output."""
    workload = network(shape, layers)
    hardware = load_hardware("zcu102", [*overrides, f"cores={cores}", f"cores_per_image={cores}"])
    programs = plan_run(workload, hardware, resolve_precision(workload, bits)).programs
    return tuple(program[-1] for program in programs)


CONVOLUTION = "kind: conv2d, out_channels: 64, kernel: 3, padding: 1"


def test_one_core_makes_all_of_it() -> None:
    found = layer("[64, 8, 8]", CONVOLUTION)
    assert ways_to_share(found, 1) == [(whole_of(found),)] == [(Share((0, 1), (0, 8), (0, 64)),)]


def test_a_convolution_is_split_by_whole_blocks_of_channels_or_by_rows() -> None:
    by_channels, by_rows = ways_to_share(layer("[64, 8, 8]", CONVOLUTION), 2)
    assert by_channels == (Share((0, 1), (0, 8), (0, 32)), Share((0, 1), (0, 8), (32, 64)))
    assert by_rows == (Share((0, 1), (0, 4), (0, 64)), Share((0, 1), (4, 8), (0, 64)))


def test_parts_are_even_and_leave_out_who_finds_none() -> None:
    """64 channels are two blocks for four cores, or 16 each; 3 rows are one each for three."""
    ways = ways_to_share(layer("[64, 3, 3]", CONVOLUTION), 4)
    assert [[share.outputs for share in way] for way in ways[:2]] == [
        [(0, 32), (32, 64)],
        [(0, 16), (16, 32), (32, 48), (48, 64)],
    ]
    assert [share.rows for share in ways[2]] == [(0, 1), (1, 2), (2, 3)]


def test_rows_under_a_pool_stay_together() -> None:
    pooled = layer("[64, 8, 8]", CONVOLUTION + ", post: [{max_pool: {kernel: 3, stride: 2, padding: 1}}]")
    assert [share.rows for way in ways_to_share(pooled, 2) for share in way] == [(0, 8), (0, 8)]


def test_groups_stay_whole() -> None:
    """96 depthwise channels in blocks of 32; heads of 40 tokens each one by one."""
    depthwise = layer("[96, 1, 8]", "kind: conv2d, out_channels: 96, groups: 96, kernel: 1")
    assert [share.groups for share in ways_to_share(depthwise, 3)[0]] == [(0, 32), (32, 64), (64, 96)]
    heads = layer("[96, 40, 1]", "kind: matmul, other: x, heads: 3, transpose_other: true")
    assert [share.groups for share in ways_to_share(heads, 2)[0]] == [(0, 1), (1, 3)]


def test_the_vector_units_layers_are_split_by_rows() -> None:
    found = layer("[64, 9, 9]", "kind: pool, mode: max, kernel: 3, stride: 3")
    assert ways_to_share(found, 2) == [(Share((0, 1), (0, 1), (0, 64)), Share((0, 1), (1, 3), (0, 64)))]
    first, second = plans("[64, 9, 9]", "{name: a, input: x, kind: pool, mode: max, kernel: 3, stride: 3}", 2)
    assert (first.rows, second.rows) == ((0, 1), (1, 3))
    assert [load.rows for load in second.loads] == [(3, 6), (6, 9)]


def test_an_early_layer_is_split_by_rows() -> None:
    """docs/timing-model.md: the weights twice and a halo each are less than all of the input twice."""
    found = plans("[64, 56, 56]", "{name: a, input: x, " + CONVOLUTION + "}", 2, "w4a4")
    assert [plan.rows for plan in found] == [(0, 28), (28, 56)]
    assert [plan.traffic.read_bytes for plan in found] == 2 * [18_944 + 29 * 1792]
    assert found[0].weight_loads == found[1].weight_loads  # the same bytes, where the same layout puts them


def test_a_late_layer_is_split_by_channels() -> None:
    """docs/timing-model.md: 1 MB of weights once, each core's part behind the one before, and 0.1 MB of input each."""
    found = plans("[2048, 7, 7]", "{name: a, input: x, kind: conv2d, out_channels: 512, kernel: 1}", 4)
    assert [plan.rows for plan in found] == 4 * [(0, 7)]
    part = 128 * (2048 + 8)
    assert [plan.traffic.read_bytes for plan in found] == 4 * [part + 100_352]
    starts = [min(run.address for load in plan.weight_loads for run in load.runs) for plan in found]
    assert starts == [0, part, 2 * part, 3 * part]


def test_weights_of_each_core_start_on_a_byte() -> None:
    """Of 4095 weights of 3 bits, 2 outputs are 3071.25 bytes and 3 are 4606.875, beside 8 of parameters each."""
    found = plans("[4095, 1, 1]", "{name: a, input: x, kind: linear, out_channels: 5}", 2, "w3a8", "array.cols=1")
    moved = [sum(load.size_bytes for load in plan.weight_loads) for plan in found]
    assert moved == [3072 + 16, 4607 + 24]
    assert [plan.weight_loads[0].runs[0].address for plan in found] == [0, moved[0]]


def test_what_gains_nothing_stays_on_one_core() -> None:
    """A single fold: two cores would take as long, and read the input twice."""
    first, second = plans("[3, 1, 1]", "{name: a, input: x, kind: linear, out_channels: 5}", 2)
    assert (first.macs, second.macs, second.loads, second.rows) == (15, 0, (), (0, 0))


@pytest.mark.parametrize("cores", [2, 3])
def test_images_of_their_own_have_the_plan_of_one_core(cores: int) -> None:
    workload = network("[64, 8, 8]", "{name: a, input: x, " + CONVOLUTION + "}")
    precision = resolve_precision(workload, "w4a4")
    alone = plan_run(workload, load_hardware("zcu102"), precision)
    assert plan_run(workload, load_hardware("zcu102", [f"cores={cores}"]), precision) == alone
    assert len(alone.programs) == 1
