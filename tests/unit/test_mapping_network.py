"""Whole networks: where things lie, what stays on chip, vector layers, and what the planner says when nothing fits."""

from __future__ import annotations

import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import MappingError
from accelsim.mapping.layout import Run, TensorLayout
from accelsim.mapping.memory_map import REGION_ALIGNMENT_BYTES, memory_map
from accelsim.mapping.planner import plan_network
from accelsim.mapping.residency import last_readers
from accelsim.mapping.schedule import Load, Schedule, Traffic
from accelsim.mapping.tiles import Memory
from accelsim.simulation import run_network
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

REGION = REGION_ALIGNMENT_BYTES


def network(shape: str, *layers: str) -> Workload:
    entries = ", ".join(f"{{{layer}}}" for layer in layers)
    return parse_workload(f"{{name: net, input: {{name: x, shape: {shape}}}, layers: [{entries}]}}")


def plan(workload: Workload, *overrides: str) -> Schedule:
    """At w8a8 on `zcu102`: 1 MiB in each buffer, 64 lanes."""
    hardware = load_hardware("zcu102", [f"buffers.{override}" for override in overrides])
    return plan_network(workload, hardware, resolve_precision(workload, "w8a8"), Memory(16.0, 20))


CHAIN = network(
    "[32, 8, 8]",
    "name: a, kind: conv2d, input: x, out_channels: 32, kernel: 1",
    "name: b, kind: conv2d, input: a, out_channels: 32, kernel: 1",
    "name: c, kind: conv2d, input: b, out_channels: 32, kernel: 1, post: [{add: a}]",
)
#: Bytes of x, a and b at 8 bits; c, the result, has 32.
TENSOR = 32 * 8 * 8


class TestMemoryMap:
    def test_trained_numbers_first_then_tensors_each_in_regions_of_its_own(self) -> None:
        """A layer: 32 * 32 weights and 32 * 8 bytes of parameters, less than a region."""
        found = memory_map(CHAIN, load_hardware("zcu102"), resolve_precision(CHAIN, "w8a8"))
        assert found.parameter_addresses == {"a": 0, "b": REGION, "c": 2 * REGION}
        shape = (32, 8, 8)
        assert found.layouts == {
            "x": TensorLayout(3 * REGION, shape, 8),
            "a": TensorLayout(4 * REGION, shape, 8),
            "b": TensorLayout(5 * REGION, shape, 8),
            "c": TensorLayout(6 * REGION, shape, 32),
        }
        assert found.footprint_bytes == 7 * REGION

    def test_attention_heads_restart_their_channel_blocks(self) -> None:
        net = network(
            "[64, 40, 1]",
            "name: q, kind: linear, input: x, out_channels: 64",
            "name: k, kind: linear, input: x, out_channels: 64",
            "name: s, kind: matmul, input: q, other: k, heads: 2, transpose_other: true",
            "name: p, kind: softmax, input: s, heads: 2",
            "name: r, kind: linear, input: p, out_channels: 8",
        )
        layouts = memory_map(net, load_hardware("zcu102"), resolve_precision(net, "w8a8")).layouts
        heads = {name: layout.part_channels for name, layout in layouts.items() if layout.part_channels}
        assert heads == {"s": (40, 40), "p": (40, 40)}


def test_the_input_is_there_from_the_start_though_the_first_layer_reads_one_token_of_it() -> None:
    net = network(
        "[32, 8, 1]",
        "name: a, kind: linear, input: x, out_channels: 8, view: first_token",
        "name: b, kind: linear, input: x, out_channels: 8",
    )
    schedule = plan(net)
    assert schedule.input_name == "x"
    run = run_network(net, load_hardware("zcu102"), resolve_precision(net, "w8a8"))
    assert run.totals.dram_read_bytes == sum(found.traffic.read_bytes for found in schedule.plans)


class TestResidency:
    def test_last_readers(self) -> None:
        assert last_readers(CHAIN) == {"x": 0, "a": 2, "b": 2}

    def test_what_fits_stays_until_its_last_reader(self) -> None:
        a, b, c = plan(CHAIN).plans
        assert [layer.resident_bytes for layer in (a, b, c)] == [TENSOR, TENSOR, 0]
        assert [layer.freed_bytes for layer in (a, b, c)] == [0, 0, 2 * TENSOR]
        assert [layer.traffic.input_bytes for layer in (a, b, c)] == [TENSOR, 0, 0]
        assert (c.traffic.operand_bytes, c.traffic.output_bytes) == (0, 4 * TENSOR)

    def test_a_concatenation_stays_as_a_whole_until_its_last_reader(self) -> None:
        net = network(
            "[32, 8, 8]",
            "name: a, kind: conv2d, input: x, out_channels: 32, kernel: 1",
            "name: b, kind: conv2d, input: a, out_channels: 16, kernel: 1",
            "name: both, kind: concat, input: a, others: [b]",
            "name: c, kind: conv2d, input: both, out_channels: 32, kernel: 1",
        )
        assert last_readers(net) == {"x": 0, "both": 3}
        a, b, both, c = plan(net).plans
        half = TENSOR // 2
        assert [layer.resident_bytes for layer in (a, b, both, c)] == [TENSOR, half, 0, 0]
        assert [layer.freed_bytes for layer in (a, b, both, c)] == [0, 0, 0, TENSOR + half]
        assert both.traffic == Traffic()
        assert [layer.traffic.input_bytes for layer in (a, b, c)] == [TENSOR, 0, 0]

    def test_nothing_stays_when_it_is_off(self) -> None:
        a, b, c = plan(CHAIN, "activation_residency=false").plans
        assert [layer.resident_bytes for layer in (a, b, c)] == [0, 0, 0]
        assert [layer.traffic.input_bytes for layer in (a, b, c)] == 3 * [TENSOR]
        assert [layer.traffic.output_bytes for layer in (a, b, c)] == [TENSOR, TENSOR, 4 * TENSOR]
        assert c.traffic.operand_bytes == TENSOR

    def test_the_first_that_fits_goes_first(self) -> None:
        """Room for a and half of b: a stays from its producer to c, b streams."""
        a, b, c = plan(CHAIN, f"input_bytes={TENSOR * 3 // 2}").plans
        assert [layer.resident_bytes for layer in (a, b, c)] == [TENSOR, 0, 0]
        assert c.traffic.input_bytes == TENSOR
        assert c.traffic.operand_bytes == 0

    def test_what_the_weight_buffer_holds_does_not_stay(self) -> None:
        net = network(
            "[32, 8, 1]",
            "name: q, kind: linear, input: x, out_channels: 32",
            "name: k, kind: linear, input: x, out_channels: 32",
            "name: s, kind: matmul, input: q, other: k, transpose_other: true",
        )
        q, k, s = plan(net).plans
        assert (q.resident_bytes, k.resident_bytes) == (256, 0)
        assert (s.traffic.input_bytes, s.traffic.weight_bytes) == (0, 256)


class TestVectorLayers:
    """The first layer of each network; `a` behind it makes its result an 8-bit tensor, which stays on chip."""

    READER = "name: a, kind: linear, input: v, out_channels: 8"

    def test_a_pool_in_four_tiles_with_their_halos(self) -> None:
        """3x3, stride 2, 9 rows to 4: row r reads rows 2r to 2r + 2, 9 * 32 = 288 bytes each, and gives 4 * 32."""
        net = network(
            "[32, 9, 9]",
            "name: v, kind: pool, mode: max, input: x, kernel: 3, stride: 2",
            f"{self.READER}, view: flatten",
        )
        found = plan(net).plans[0]
        x = memory_map(net, load_hardware("zcu102"), resolve_precision(net, "w8a8")).layouts["x"].address
        assert found.loads == tuple(
            Load.of((Run(x + 576 * row, 864),), "x", (2 * row, 2 * row + 3)) for row in range(4)
        )
        assert found.traffic == Traffic(input_bytes=4 * 864)
        assert [tile.loads for tile in found.outputs] == [(0,), (1,), (2,), (3,)]
        assert (
            {tile.encoded_bytes for tile in found.outputs} == {tile.reserved_bytes for tile in found.outputs} == {128}
        )
        assert sum(tile.elements for tile in found.outputs) == 32 * 9 * 9

    def test_layer_norm_brings_its_parameters_along(self) -> None:
        """8 tokens in tiles of 2; 32 gains and 32 offsets of 4 bytes, a quarter with each tile; three passes."""
        net = network("[32, 8, 1]", "name: v, kind: layer_norm, input: x", self.READER)
        found = plan(net).plans[0]
        assert [load.size_bytes for load in found.loads] == 4 * [2 * 32, 64]
        assert [load.runs[0].address for load in found.loads if load.tensor is None] == [0, 64, 128, 192]
        assert [tile.loads for tile in found.outputs] == [(0, 1), (2, 3), (4, 5), (6, 7)]
        assert found.traffic == Traffic(parameter_bytes=256, input_bytes=256)
        assert found.passes == 3

    def test_tokens_are_made_of_rows_in_proportion(self) -> None:
        """2 rows of 2 pixels and a class token: 5 tokens in tiles of 2, 2 and 1, which reach into rows 0, 0-1 and 1."""
        net = network("[32, 2, 2]", "name: v, kind: class_token, input: x", self.READER)
        found = plan(net).plans[0]
        rows = [(load.size_bytes // 64, load.rows) for load in found.loads if load.tensor == "x"]
        assert rows == [(1, (0, 1)), (2, (0, 2)), (1, (1, 2))]
        assert [tile.elements for tile in found.outputs] == [64, 64, 32]

    def test_where_one_row_does_not_fit_the_error_says_what_is_needed(self) -> None:
        """A token is 100 bytes; a tile with a successor needs twice that."""
        net = network("[100, 8, 1]", "name: v, kind: softmax, input: x", self.READER)
        with pytest.raises(MappingError) as error:
            plan(net, "input_bytes=150")
        found = "workload:1: layer v: no tile fits buffers.input_bytes: the smallest needs 200 bytes, there are 150"
        assert str(error.value) == f"{found} (allowed: buffers.input_bytes >= 200)"
        assert plan(net, "input_bytes=150", "ping_pong=false").plans[0].traffic.input_bytes == 800
