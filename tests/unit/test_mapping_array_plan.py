"""Array layers unrolled: whole schedules of layers small enough to write down."""

from __future__ import annotations

import pytest

from accelsim.config.presets import load_hardware
from accelsim.mapping.array_plan import ArrayPlanner
from accelsim.mapping.context import PlanContext
from accelsim.mapping.layout import Run
from accelsim.mapping.memory_map import REGION_ALIGNMENT_BYTES, memory_map
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Step, TileRanges, Traffic
from accelsim.mapping.share import Share, whole_of
from accelsim.mapping.tiles import Tiling
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

REGION = REGION_ALIGNMENT_BYTES


def plan(
    shape: str, layers: str, tiling: Tiling, resident: frozenset[str] = frozenset(), share: Share | None = None
) -> LayerPlan:
    """The last layer at w8a8, cut as told; trained weights have 8 bytes of parameters per output."""
    workload = parse_workload(f"{{name: net, input: {{name: x, shape: {shape}}}, layers: [{layers}]}}")
    hardware, precision = load_hardware("zcu102"), resolve_precision(workload, "w8a8")
    layer = workload.layers[-1]
    found = memory_map(workload, hardware, precision)
    context = PlanContext(
        hardware=hardware,
        precision=precision,
        layouts=found.layouts,
        parameter_address=found.parameter_addresses[layer.name],
        resident=resident,
        freed_bytes=0,
    )
    return ArrayPlanner(layer, share or whole_of(layer), context, tiling).plan()


#: 3x3 over 32 channels of 4 x 4 pixels: a row is 4 * 32 = 128 bytes of input, 512 of result (32 bits).
CONVOLUTION = "{name: a, kind: conv2d, input: x, out_channels: 32, kernel: 3, padding: 1}"


def test_two_row_tiles() -> None:
    """Weights of 32 * 32 * 9 + 32 * 8 = 9472 bytes once, at 0; rows 0-2 and 1-3 of x, at the next region."""
    found = plan("[32, 4, 4]", CONVOLUTION, Tiling(1, 2, 32, 32, rows_outer=False))
    assert found.weight_loads == (Load.of((Run(0, 9472),)),)
    assert found.loads == (
        Load.of((Run(REGION, 384),), "x", (0, 3)),
        Load.of((Run(REGION + 128, 384),), "x", (1, 4)),
    )
    tile = Gemm(groups=1, pixels=8, reduction=288, outputs=32, rows=2, kernel=(3, 3))
    assert found.steps == (
        Step(tile, TileRanges((0, 1), (0, 2), (0, 32), (0, 32)), 0, 0, 3, 0, starts_output=True, ends_output=True),
        Step(tile, TileRanges((0, 1), (2, 4), (0, 32), (0, 32)), 0, 1, 4, 1, starts_output=True, ends_output=True),
    )
    assert found.outputs == (
        OutputTile(256, 1024, 1024, (), (Run(2 * REGION, 1024),), 2),
        OutputTile(256, 1024, 1024, (), (Run(2 * REGION + 1024, 1024),), 4),
    )
    assert found.traffic == Traffic(9216, 256, 768, 0, 2048)
    assert (found.resident_bytes, found.freed_bytes, found.passes) == (0, 0, 1)


def test_partial_sums_of_split_channels_belong_to_one_output_tile() -> None:
    """64 channels in two halves: the input-channel loop is innermost, and parameters come with the first half."""
    layer = "{name: a, kind: linear, input: x, out_channels: 64}"
    found = plan("[64, 4, 1]", layer, Tiling(1, 4, 32, 32, rows_outer=False))
    assert [load.size_bytes for load in found.weight_loads] == [1024 + 256, 1024, 1024 + 256, 1024]
    assert [load.runs[0].address for load in found.weight_loads] == [0, 1280, 2304, 3584]
    assert [(step.output, step.starts_output, step.ends_output) for step in found.steps] == [
        (0, True, False),
        (0, False, True),
        (1, True, False),
        (1, False, True),
    ]
    assert [load.runs for load in found.loads] == 2 * [(Run(REGION, 128),), (Run(REGION + 128, 128),)]
    assert [tile.rows_done for tile in found.outputs] == [0, 4]
    assert found.traffic.input_bytes == 2 * 256


@pytest.mark.parametrize(
    ("rows_outer", "weight_loads", "input_loads"),
    [(False, [0, 0, 1, 1], [0, 1, 2, 3]), (True, [0, 1, 2, 3], [0, 0, 1, 1])],
)
def test_a_tile_stays_while_the_inner_loop_runs(
    rows_outer: bool, weight_loads: list[int], input_loads: list[int]
) -> None:
    layer = "{name: a, kind: linear, input: x, out_channels: 64}"
    found = plan("[32, 4, 1]", layer, Tiling(1, 2, 32, 32, rows_outer))
    assert [step.weight_load for step in found.steps] == weight_loads
    assert [step.input_load for step in found.steps] == input_loads


def test_an_input_tile_stays_beside_residual_operands() -> None:
    """One input tile for two output tiles; the operands between them are loads as well."""
    layer = "{name: a, kind: linear, input: x, out_channels: 64, post: [{add: x}]}"
    found = plan("[64, 4, 1]", layer, Tiling(1, 4, 32, 64, rows_outer=False))
    assert [step.input_load for step in found.steps] == [0, 0]
    assert [tile.loads for tile in found.outputs] == [(1,), (2,)]
    assert [load.runs for load in found.loads] == [
        (Run(REGION, 256),),
        (Run(REGION, 128),),
        (Run(REGION + 128, 128),),
    ]
    assert found.traffic.operand_bytes == 256


def test_resident_tensors_are_neither_loaded_nor_stored() -> None:
    layer = "{name: a, kind: linear, input: x, out_channels: 64, post: [{add: x}]}"
    found = plan("[64, 4, 1]", layer, Tiling(1, 4, 64, 64, rows_outer=False), frozenset({"x", "a"}))
    assert (found.loads, found.outputs[0].runs, found.steps[0].input_load) == ((), (), None)
    assert found.steps[0].input_rows == 4
    assert found.outputs[0].encoded_bytes == found.resident_bytes == 64 * 4 * 4
    assert found.traffic == Traffic(4096, 512)


def test_pooling_completes_rows_late() -> None:
    """3x3, stride 2, padding 1 on 4 rows: row 0 needs rows 0-1, row 1 needs 1-3. One raw row a tile."""
    layer = CONVOLUTION[:-1] + ", post: [{max_pool: {kernel: 3, stride: 2, padding: 1}}]}"
    found = plan("[32, 4, 4]", layer, Tiling(1, 1, 32, 32, rows_outer=False))
    row = 2 * 32 * 4
    assert [tile.runs for tile in found.outputs] == [(), (Run(2 * REGION, row),), (), (Run(2 * REGION + row, row),)]
    assert [tile.rows_done for tile in found.outputs] == [0, 1, 0, 2]
    assert [tile.elements for tile in found.outputs] == 4 * [4 * 32]
    assert [tile.reserved_bytes for tile in found.outputs] == 4 * [4 * 32 * 4]


def test_an_operand_behind_a_pool_is_loaded_with_the_row_it_is_added_to() -> None:
    """Pooled 2x2: row r of p is added when raw rows 2r and 2r + 1 are there. p lies behind x, in 32 bits."""
    pool = "{kernel: 2, stride: 2}"
    layers = (
        "{name: p, kind: pool, mode: max, input: x, kernel: 2, stride: 2},"
        + CONVOLUTION[:-1]
        + f", post: [{{max_pool: {pool}}}, {{add: p}}]}}"
    )
    found = plan("[32, 4, 4]", layers, Tiling(1, 1, 32, 32, rows_outer=False))
    assert [tile.loads for tile in found.outputs] == [(), (2,), (), (5,)]
    row = 2 * 32 * 4
    assert [found.loads[index] for index in (2, 5)] == [
        Load.of((Run(2 * REGION, row),), "p", (0, 1)),
        Load.of((Run(2 * REGION + row, row),), "p", (1, 2)),
    ]


def test_a_leaping_stride_leaves_rows_out() -> None:
    layer = "{name: a, kind: conv2d, input: x, out_channels: 32, kernel: 1, stride: 2}"
    found = plan("[32, 4, 4]", layer, Tiling(1, 2, 32, 32, rows_outer=False))
    assert found.loads == (Load.of((Run(REGION, 128), Run(REGION + 256, 128)), "x", (0, 3)),)


def test_depthwise_channels_are_groups() -> None:
    """64 groups in two tiles; each tile's 32 channels are a block."""
    layer = "{name: a, kind: conv2d, input: x, out_channels: 64, kernel: 3, padding: 1, groups: 64}"
    found = plan("[64, 4, 4]", layer, Tiling(32, 4, 1, 1, rows_outer=False))
    assert [step.tile for step in found.steps] == 2 * [Gemm(32, 16, 9, 1, 4, (3, 3))]
    assert [load.runs for load in found.weight_loads] == [(Run(0, 288 + 256),), (Run(544, 544),)]
    assert [load.runs for load in found.loads] == [(Run(REGION, 512),), (Run(REGION + 512, 512),)]
    assert [tile.rows_done for tile in found.outputs] == [0, 4]


def test_a_linear_layer_reads_a_flattened_map_or_one_token() -> None:
    flat = "{name: a, kind: linear, input: x, out_channels: 10, view: flatten}"
    found = plan("[32, 2, 2]", flat, Tiling(1, 1, 10, 64, rows_outer=False))
    assert found.loads == (Load.of((Run(REGION, 64),), "x", (0, 2)), Load.of((Run(REGION + 64, 64),), "x", (0, 2)))
    token = "{name: a, kind: linear, input: x, out_channels: 10, view: first_token}"
    found = plan("[64, 5, 1]", token, Tiling(1, 1, 10, 64, rows_outer=False))
    assert found.loads == (Load.of((Run(REGION, 32), Run(REGION + 160, 32)), "x", (0, 1)),)
    assert found.traffic.input_bytes == 64


@pytest.mark.parametrize(
    ("matmul", "loads"),
    [
        # K^T: 4 tokens are the outputs, 32 features of each head the reduction; halves of the tokens.
        ("other: k, heads: 2, transpose_other: true", [((0, 64),), ((64, 64),), ((128, 64),), ((192, 64),)]),
        # V: 4 tokens are the reduction, 32 features of each head the outputs, both whole.
        ("other: k, heads: 2", [((0, 128),), ((128, 128),)]),
    ],
)
def test_attention_loads_the_second_tensor_as_weights(matmul: str, loads: list[tuple[tuple[int, int], ...]]) -> None:
    """k is 64 features of 4 tokens, 8 bits: a block of 32 bytes a token for each head."""
    shape = "[64, 4, 1]" if "transpose" in matmul else "[8, 4, 1]"
    features = "{name: k, kind: linear, input: x, out_channels: 64}"
    outputs = 2 if "transpose" in matmul else 32
    layers = f"{features}, {{name: a, kind: matmul, input: x, {matmul}}}"
    found = plan(shape, layers, Tiling(1, 4, outputs, 32 if "transpose" in matmul else 4, rows_outer=False))
    address = 2 * REGION
    assert [tuple((run.address - address, run.size_bytes) for run in load.runs) for load in found.weight_loads] == loads
    assert {load.tensor for load in found.weight_loads} == {"k"}
    assert found.traffic.weight_bytes == 256
    assert found.traffic.parameter_bytes == 0
