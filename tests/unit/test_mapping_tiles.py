"""What a tiling needs of the buffers and moves, by hand, and which one the search picks."""

from __future__ import annotations

from typing import Any

import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import MappingError
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.problem import TilingProblem, tiling_problem
from accelsim.mapping.share import whole_of
from accelsim.mapping.tiles import (
    Memory,
    TileBytes,
    TileCounts,
    Tiling,
    buffer_needs,
    candidates,
    estimated_cycles,
    moved_bytes,
    tile_bytes,
    tile_counts,
)
from accelsim.mapping.tiling import NEARLY_FASTEST, Space, TilingSearch
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

MEMORY = Memory(bytes_per_cycle=16.0, latency_cycles=20)
ROOMY = Space(2**20, 2**20, 2**20)


def problem_of(shape: str, layers: str, bits: str = "w4a4", resident: frozenset[str] = frozenset()) -> TilingProblem:
    """The problem of the last layer, on 32 x 32 fusable PEs with 8 bytes of parameters per output."""
    workload = parse_workload(f"{{name: net, input: {{name: x, shape: {shape}}}, layers: [{layers}]}}")
    hardware, precision = load_hardware("zcu102"), resolve_precision(workload, bits)
    layouts = memory_map(workload, hardware, precision).layouts
    layer = workload.layers[-1]
    return tiling_problem(layer, whole_of(layer), precision, hardware, layouts, resident)


def convolution(post: str = "", resident: frozenset[str] = frozenset()) -> TilingProblem:
    """3x3, 64 to 64 channels, 56 x 56, 4 bits; its result is the network's, in 32 bits."""
    layer = f"{{name: a, kind: conv2d, input: x, out_channels: 64, kernel: 3, padding: 1, post: [{post}]}}"
    return problem_of("[64, 56, 56]", layer, resident=resident)


HALVES = Tiling(groups=1, rows=28, outputs=64, channels=64, rows_outer=False)
QUARTERS = Tiling(groups=1, rows=28, outputs=32, channels=32, rows_outer=False)


def test_bytes_of_a_tile() -> None:
    """Weights 64 * 64 * 9 / 2 and 64 * 8 of parameters; 30 rows of 56 * 64 / 2; 28 rows of 56 * 64 sums of 4 bytes."""
    problem = convolution()
    assert tile_counts(problem, HALVES) == TileCounts(1, 2, 1, 1)
    assert tile_bytes(problem, HALVES) == TileBytes(18_432 + 512, 30 * 1792, 0, 28 * 56 * 64 * 4)


def test_tiles_with_a_successor_count_twice() -> None:
    problem = convolution()
    assert buffer_needs(problem, HALVES, ping_pong=True) == (18_944, 2 * 53_760, 2 * 401_408)
    assert buffer_needs(problem, HALVES, ping_pong=False) == (18_944, 53_760, 401_408)


def test_traffic_with_its_halo() -> None:
    """The example of docs/timing-model.md: 58 rows of 56 * 64 / 2 bytes; weights once."""
    assert moved_bytes(convolution(), HALVES) == (18_432, 512, 58 * 1792) == (18_432, 512, 103_936)


def test_split_channels_bring_both_back() -> None:
    """Two row tiles sweep the weights twice, two output tiles the inputs."""
    assert moved_bytes(convolution(), QUARTERS) == (2 * 18_432, 2 * 512, 2 * 103_936)


def test_a_resident_input_takes_no_tile_and_no_traffic() -> None:
    problem = convolution(resident=frozenset({"x"}))
    assert tile_bytes(problem, HALVES).inputs == 0
    assert moved_bytes(problem, HALVES)[2] == 0


def test_a_residual_operand_shares_the_input_buffer() -> None:
    """Its tile has the rows of the output tile: 28 * 56 * 64 / 2 bytes, twice beside two input tiles."""
    problem = convolution("{add: x}")
    assert tile_bytes(problem, HALVES).operands == 28 * 1792
    assert buffer_needs(problem, HALVES, ping_pong=True)[1] == 2 * 53_760 + 2 * 50_176


def test_an_operand_behind_a_pool_has_the_rows_of_the_pool() -> None:
    """56 rows pooled 2x2 to 28: a tile of 28 rows completes 14 of them."""
    layers = (
        "{name: p, kind: pool, mode: max, input: x, kernel: 2, stride: 2},"
        "{name: a, kind: conv2d, input: x, out_channels: 64, kernel: 3, padding: 1,"
        " post: [{max_pool: {kernel: 2, stride: 2}}, {add: p}]}"
    )
    problem = problem_of("[64, 56, 56]", layers)
    assert problem.operands[0].rows_of((28, 56)) == (14, 28)
    assert tile_bytes(problem, HALVES).operands == 14 * 28 * 64 * 4  # p is combined into the 32-bit result


def test_a_result_larger_than_its_partial_sums_counts_instead() -> None:
    """3x3 pooling with padding at stride 1 completes two rows with the last one: 2 * 4 * 64 results of 4 bytes."""
    pool = "{max_pool: {kernel: 3, stride: 1, padding: 1}}"
    layer = f"{{name: a, kind: conv2d, input: x, out_channels: 64, kernel: 1, post: [{pool}]}}"
    problem = problem_of("[32, 4, 4]", layer)
    assert tile_bytes(problem, Tiling(1, 1, 64, 32, rows_outer=False)).results == 2 * 4 * 64 * 4


def test_a_leaping_stride_reads_only_its_rows() -> None:
    """1x1, stride 2, 56 rows: 28 of them, 56 * 64 / 2 bytes each, in any tiles."""
    layer = "{name: a, kind: conv2d, input: x, out_channels: 64, kernel: 1, stride: 2}"
    problem = problem_of("[64, 56, 56]", layer)
    for rows in (1, 14, 28):
        tiling = Tiling(1, rows, 64, 64, rows_outer=False)
        assert moved_bytes(problem, tiling)[2] == 28 * 1792
        assert tile_bytes(problem, tiling).inputs == rows * 1792


def test_depthwise_tiles_are_several_whole_groups() -> None:
    """96 groups of a channel: 32, 64 or 96 of them; weights 64 * 9 / 2, parameters 64 * 8; 4 rows of 14 * 64 / 2."""
    layer = "{name: a, kind: conv2d, input: x, out_channels: 96, kernel: 3, padding: 1, groups: 96}"
    problem = problem_of("[96, 14, 14]", layer)
    assert set(candidates(problem).groups) == {1, 32, 64, 96}  # type: ignore[call-overload]
    found = tile_bytes(problem, Tiling(64, 2, 1, 1, rows_outer=False))
    assert found == TileBytes(64 * 9 // 2 + 64 * 8, 4 * 14 * 64 // 2, 0, 64 * 2 * 14 * 4)


def test_attention_keeps_the_second_tensor_in_the_weight_buffer() -> None:
    """Scores of 2 heads of 32 features over 50 tokens at w4a8: K is 50 rows of 64 codes of 4 bits, 16 bytes a head."""
    linear = "{{name: {}, kind: linear, input: x, out_channels: 64}}"
    scores = "{name: s, kind: matmul, input: q, other: k, heads: 2, transpose_other: true}"
    problem = problem_of("[64, 50, 1]", f"{linear.format('q')}, {linear.format('k')}, {scores}", "w4a8")
    assert (problem.groups, problem.rows, problem.outputs, problem.channels) == (2, 50, 50, 32)
    assert problem.stationary_bytes == 50 * 64 // 2
    found = tile_bytes(problem, Tiling(1, 25, 50, 32, rows_outer=False))
    assert found == TileBytes(50 * 16, 25 * 32, 0, 25 * 50 * 4)


def test_a_classifier_reads_the_feature_map_as_one_vector() -> None:
    """32 * 5 * 5 codes of 4 bits, 400 bytes; a tile of 80 of the 800 is 40 of them."""
    problem = problem_of("[32, 5, 5]", "{name: a, kind: linear, input: x, out_channels: 10, view: flatten}")
    assert (problem.rows, problem.channels, problem.swept_row_bytes(1, problem.channels)) == (1, 800, 400)
    assert tile_bytes(problem, Tiling(1, 1, 10, 80, rows_outer=False)).inputs == 40


def test_a_classifier_on_the_first_token_reads_one_row() -> None:
    problem = problem_of("[64, 50, 1]", "{name: a, kind: linear, input: x, out_channels: 10, view: first_token}")
    assert moved_bytes(problem, Tiling(1, 1, 10, 64, rows_outer=False))[2] == 64 // 2


def test_estimated_time_of_two_tiles() -> None:
    """w4a4 on 64 x 64: 9 folds of 28 * 56 = 1568 cycles a tile; 122 880 bytes at 16 a cycle and 3 loads of 20 cycles.

    Compute is longer; before it come the first tiles (18 944 + 53 760 bytes), behind it 1568 * 64 results on 64 lanes.
    """
    tile = 64 + 9 * 1568 + 126
    assert 2 * tile > 122_880 / 16 + 3 * 20
    expected = 2 * tile + (18_944 + 53_760) / 16 + 1568
    assert estimated_cycles(convolution(), HALVES, 18_432 + 512 + 103_936, MEMORY) == expected


def test_candidates_are_even_rows_whole_folds_and_whole_blocks() -> None:
    tiles = candidates(convolution())
    assert set(tiles.rows) == {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 19, 28, 56}  # type: ignore[call-overload]
    assert set(tiles.outputs) == {32, 64}  # type: ignore[call-overload]
    assert set(tiles.channels) == {32, 64}  # type: ignore[call-overload]


def test_with_room_everything_moves_once() -> None:
    """A single row tile has no halo, and 56 * 56 * 64 sums of 4 bytes, 802 816, fit."""
    best = TilingSearch(convolution(), MEMORY, ping_pong=True).best(ROOMY, "a")
    assert best.rows == 56
    assert moved_bytes(convolution(), best) == (18_432, 512, 56 * 1792)


@pytest.mark.parametrize(("weight_bytes", "input_bytes"), [(2 * 2304, 2**20), (2**20, 2 * 512)])
def test_one_operand_streams_past_the_other(weight_bytes: int, input_bytes: int) -> None:
    """64 tokens x 64 features x 256 outputs, 8 bits, each moved once.

    Either weight tiles of 32 * 64 + 32 * 8 = 2304 bytes pass all inputs, or input tiles of 8 * 64 bytes all weights.
    """
    problem = problem_of("[64, 64, 1]", "{name: a, kind: linear, input: x, out_channels: 256}", "w8a8")
    best = TilingSearch(problem, MEMORY, ping_pong=True).best(Space(weight_bytes, input_bytes, 2**20), "a")
    assert moved_bytes(problem, best) == (64 * 256, 256 * 8, 64 * 64)


def test_where_neither_stays_the_smaller_resweep_wins() -> None:
    """Room for pairs of 4608-byte weight tiles (64 outputs) and of 1024-byte input tiles (16 tokens).

    Weights again for 4 row tiles: 4 * 18 432 + 4096 bytes; inputs again for 4 output tiles: 18 432 + 4 * 4096, fewer.
    """
    problem = problem_of("[64, 64, 1]", "{name: a, kind: linear, input: x, out_channels: 256}", "w8a8")
    best = TilingSearch(problem, MEMORY, ping_pong=True).best(Space(2 * 4608, 2 * 1024, 2**20), "a")
    assert (best.outputs, best.order) == (64, "outputs_outer")
    assert sum(moved_bytes(problem, best)) == 64 * 256 + 256 * 8 + 4 * 64 * 64


@pytest.mark.parametrize(
    ("space", "field", "needed"),
    [
        (Space(20, 2**20, 2**20), "buffers.weight_bytes", 2 * (5 + 8)),  # 9 codes of 4 bits, and the parameters
        (Space(2**20, 20, 2**20), "buffers.input_bytes", 2 * (3 * 56 // 2)),
        (Space(2**20, 2**20, 20), "buffers.output_bytes", 2 * (56 * 4)),
    ],
)
def test_where_no_tile_fits_the_error_says_what_is_needed(space: Space, field: str, needed: int) -> None:
    """The smallest tile has one input channel, one output channel and one row."""
    search = TilingSearch(convolution(), MEMORY, ping_pong=True)
    with pytest.raises(MappingError) as error:
        search.best(space, "layer a")
    found = f"layer a: no tile fits {field}: the smallest needs {needed} bytes, there are 20"
    assert str(error.value) == f"{found} (allowed: {field} >= {needed})"
    assert search.cost(space).traffic_bytes == float("inf")


def test_small_buffers_take_parts_of_blocks() -> None:
    """A block of 32 outputs and one of 32 inputs do not fit: the tile has fewer of both, and inputs come more often.

    Two tiles of 4 outputs by 16 channels take 2 * (4 * 16 * 9 / 2 + 4 * 8) = 640 bytes of weights; each reads whole
    blocks of its input, so that half of what a tile of 16 channels reads is for nothing.
    """
    problem = convolution()
    search = TilingSearch(problem, MEMORY, ping_pong=True)
    space = Space(640, 2 * 3 * 56 * 16 // 2, 2**20)
    best = search.best(space, "layer a")
    assert (best.outputs, best.channels) < (32, 32)
    assert all(need <= there for need, there in zip(buffer_needs(problem, best, ping_pong=True), space, strict=True))
    assert search.cost(space).traffic_bytes == float("inf")
    tiling = Tiling(groups=1, rows=1, outputs=64, channels=16, rows_outer=True)
    assert moved_bytes(problem, tiling)[2] == 2 * moved_bytes(problem, tiling._replace(channels=64))[2]


def test_bytes_are_not_saved_at_the_array_s_cost() -> None:
    """Without a memory that limits, a tile of half the columns, twice the cycles, is never taken to save bytes."""
    problem = convolution()
    space = Space(2 * (32 * 64 * 9 // 2 + 32 * 8), 2**20, 2**20)
    search = TilingSearch(problem, Memory(float("inf"), 0), ping_pong=True)
    columns: Any = candidates(problem)
    times = []
    for sizes in zip(*(column.tolist() for column in columns), strict=True):
        tiling = Tiling(*sizes)
        if all(need <= limit for need, limit in zip(buffer_needs(problem, tiling, ping_pong=True), space, strict=True)):
            times.append(estimated_cycles(problem, tiling, 0, Memory(float("inf"), 0)))
    assert search.cost(space).cycles <= NEARLY_FASTEST * min(times)
