"""Codesign: the problem is the network's, targets hold in the simulation, and the exact search is never worse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.explore.codesign.errors import NoiseErrors
from accelsim.explore.codesign.problem import Freedom, allocation_problem, parse_pins
from accelsim.explore.codesign.search import Codesign
from accelsim.explore.cost_table import CostTable, cost_table
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload, parse_workload
from quant.allocation.problem import Problem
from quant.allocation.solution import Limits

HARDWARE = load_hardware("zcu102")
WIDTHS = (2, 4, 8)
BRANCHES = """
name: branches
pins: {stem: w8a8}
input: {name: image, shape: [16, 32, 32]}
layers:
  - {name: stem, kind: conv2d, input: image, out_channels: 64, kernel: 3, padding: 1, post: [relu]}
  - {name: left, kind: conv2d, input: stem, out_channels: 64, kernel: 3, padding: 1}
  - {name: right, kind: conv2d, input: stem, out_channels: 64, kernel: 1, post: [{add: left}, relu]}
"""


@pytest.fixture(scope="module")
def branches() -> Workload:
    return parse_workload(BRANCHES)


@pytest.fixture(scope="module")
def table(branches: Workload) -> CostTable:
    return cost_table(branches, HARDWARE, WIDTHS, WIDTHS)


@pytest.fixture(scope="module")
def problem(branches: Workload, table: CostTable) -> Problem:
    return allocation_problem(branches, table, freedom(branches), NoiseErrors(branches))


@pytest.fixture(scope="module")
def search(branches: Workload) -> Codesign:
    return Codesign.prepare(branches, HARDWARE, freedom(branches), NoiseErrors(branches))


def freedom(workload: Workload, *pins: str, equal_residuals: bool = False) -> Freedom:
    return Freedom(WIDTHS, WIDTHS, parse_pins(workload, pins), equal_residuals)


def test_both_readers_of_a_tensor_share_a_choice_and_pins_leave_one(problem: Problem) -> None:
    formats = {choice.name: choice.formats for choice in problem.choices}
    free = ("dybit8", "dybit4", "dybit2")
    assert formats == {
        "weights of stem": ("dybit8",),
        "tensor image": ("dybit8",),
        "weights of left": free,
        "tensor stem": free,
        "weights of right": free,
    }
    assert [(layer.name, layer.weights, layer.activations) for layer in problem.layers] == [
        ("stem", "weights of stem", "tensor image"),
        ("left", "weights of left", "tensor stem"),
        ("right", "weights of right", "tensor stem"),
    ]


def test_cycles_are_those_of_the_table(problem: Problem, table: CostTable) -> None:
    """Widest first; the overhead of a run counts with the last layer."""
    _, left, right = problem.layers
    assert np.array_equal(left.cycles, table.cycles[1, ::-1, ::-1])
    assert np.array_equal(right.cycles, (table.cycles[2] + table.overhead_cycles)[::-1, ::-1])
    names = dict.fromkeys(table.layers, (8, 8))
    assert problem.cycles((0,) * 5) == table.allocation_cycles(names)


@pytest.mark.parametrize("method", ["exact", "greedy"])
def test_a_speedup_holds_in_the_simulation(search: Codesign, method: str) -> None:
    design = search.for_speedup(2.0, method)  # type: ignore[arg-type]
    assert design.simulated_speedup >= 2.0
    assert design.allocation["left"].activations == design.allocation["right"].activations
    assert design.allocation["stem"].weights == "dybit8"


def test_greedy_is_never_better_than_exact(search: Codesign) -> None:
    designs = search.front(8)
    exact = [design for design in designs if design.method == "exact"]
    assert [design.error for design in exact] == sorted((design.error for design in exact), reverse=True)
    for greedy in (design for design in designs if design.method == "greedy"):
        slower = [design.error for design in exact if design.predicted_speedup <= greedy.predicted_speedup]
        assert greedy.error >= min(slower) * (1 - 1e-6)


def test_fastest_at_an_error_keeps_it(search: Codesign) -> None:
    loose, tight = (search.for_error(error, "exact") for error in (1.0, 0.1))
    assert (loose.error <= 1.0, tight.error <= 0.1) == (True, True)
    assert loose.predicted_speedup > tight.predicted_speedup


def test_other_limits(search: Codesign) -> None:
    """Of 9 * 16 * 64 weights at 8 bits and ten times 64 * 64 others: together they can have 4.5 bits on average."""
    limits: Limits = {"average_bits": 6.0, "size_bits": 8 * 30_000}
    design = search.for_speedup(2.0, "exact", limits)
    assert design.simulated_speedup >= 2.0
    assert design.average_bits <= 6.0
    assert design.size_bytes <= 30_000
    free = search.for_speedup(2.0)
    assert free.error < design.error or free.size_bytes <= 30_000


def test_limits_that_cannot_be_kept_together_name_what_is_left(search: Codesign) -> None:
    with pytest.raises(InputError) as caught:
        search.for_error(0.05, "exact", {"average_bits": 3.5})
    assert caught.value.where == "--error"
    assert "with --average-bits 3.5" in caught.value.allowed


def test_what_cannot_be_reached_names_the_best(search: Codesign) -> None:
    with pytest.raises(InputError) as caught:
        search.for_speedup(1000.0, "exact")
    best = float(caught.value.allowed.removeprefix("up to "))
    assert search.for_speedup(0.99 * best, "exact").predicted_speedup == pytest.approx(best, rel=0.02)
    with pytest.raises(InputError, match="error"):
        search.for_error(1e-9, "exact")


def test_uniform_designs_are_one_width_for_all_that_is_free(search: Codesign) -> None:
    design = search.uniform(3)
    pairs = {name: (pair.weights, pair.activations) for name, pair in design.allocation.items()}
    assert pairs == {"stem": ("dybit8",) * 2, "left": ("dybit3",) * 2, "right": ("dybit3",) * 2}
    assert design.label == "w3a3"


def test_uniform_designs_around_a_number_of_bits_are_those_of_one_bit_less_and_more(search: Codesign) -> None:
    """9 * 16 * 64 weights have 8 bits, 9 * 64 * 64 + 64 * 64 the width: 4 bits are 4.735 on average, 5 are 5.551."""
    pinned, free = 9 * 16 * 64, 10 * 64 * 64
    averages = [(8 * pinned + bits * free) / (pinned + free) for bits in (4, 5)]
    for wanted in (averages[0], 5.0):
        found = search.uniform_around(wanted)
        assert [design.average_bits for design in found] == pytest.approx(averages)
    assert [design.label for design in search.uniform_around(8.0)] == ["w8a8"]
    assert [design.label for design in search.uniform_around(1.0)] == ["w2a2"]


def test_weights_alone(branches: Workload) -> None:
    weights_alone = Freedom(WIDTHS, (8,), parse_pins(branches, []))
    search = Codesign.prepare(branches, HARDWARE, weights_alone, NoiseErrors(branches))
    design = search.for_error(100.0)
    assert {pair.activations for pair in design.allocation.values()} == {"dybit8"}
    assert design.average_bits < search.uniform(8).average_bits
    assert search.uniform(4).label == "w4a8"


RESIDUAL = """
name: residual
input: {name: image, shape: [16, 8, 8]}
layers:
  - {name: stem, kind: conv2d, input: image, out_channels: 16, kernel: 1, post: [relu]}
  - {name: one, kind: conv2d, input: stem, out_channels: 16, kernel: 1, post: [{add: stem}, relu]}
  - {name: two, kind: conv2d, input: one, out_channels: 16, kernel: 1, post: [{add: one}, relu]}
  - {name: three, kind: conv2d, input: two, out_channels: 16, kernel: 1, post: [{add: two}, relu, global_avg_pool]}
  - {name: fc, kind: linear, input: three, out_channels: 4}
"""


def test_equal_residuals_join_the_tensors_of_a_chain_of_adds_up_to_a_pool() -> None:
    """`stem` is added to what makes `one`, and that to what makes `two`; `three` is the mean of a sum."""
    workload = parse_workload(RESIDUAL)
    table = cost_table(workload, HARDWARE, WIDTHS, WIDTHS)
    tied = allocation_problem(workload, table, freedom(workload, equal_residuals=True), NoiseErrors(workload))
    assert {layer.name: layer.activations for layer in tied.layers} == {
        "stem": "tensor image",
        "one": "tensor stem",
        "two": "tensor stem",
        "three": "tensor stem",
        "fc": "tensor three",
    }


def test_equal_residuals_and_pins_that_disagree() -> None:
    workload = parse_workload(RESIDUAL)
    tied = freedom(workload, "one=w8a4", "two=w8a8", equal_residuals=True)
    with pytest.raises(InputError, match=r"--equal-residuals: tensor stem, tensor one.*no candidate in common"):
        allocation_problem(workload, None, tied, NoiseErrors(workload))


def test_own_weights_change_the_error_and_nothing_else(branches: Workload, table: CostTable, problem: Problem) -> None:
    rng = np.random.default_rng(0)
    shapes = {"stem": (64, 16, 3, 3), "left": (64, 64, 3, 3), "right": (64, 64, 1, 1)}
    weights = {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    own = allocation_problem(branches, table, freedom(branches), NoiseErrors(branches, weights))
    changed = [a.name for a, b in zip(own.choices, problem.choices, strict=True) if a.errors != b.errors]
    assert changed == ["weights of stem", "weights of left", "weights of right"]


def test_a_matrix_product_chooses_for_both_operands() -> None:
    vit = load_workload(str(Path(__file__).parents[2] / "workloads" / "vit_b16.yaml"))
    matmul = next(layer for layer in vit.layers if layer.kind == "matmul")
    table = CostTable(
        tuple(layer.name for layer in vit.layers if layer.on_array),
        (8,),
        (8,),
        np.ones((sum(layer.on_array for layer in vit.layers), 1, 1), np.int64),
        np.zeros((1, 1), np.int64),
    )
    problem = allocation_problem(vit, table, Freedom((8,), (8,)), NoiseErrors(vit))
    found = {layer.name: layer for layer in problem.layers}[matmul.name]
    assert (found.activations, found.weights) == tuple(f"tensor {tensor}" for tensor in matmul.inputs)


@pytest.mark.parametrize(
    ("pin", "found"),
    [
        ("lefft=dybit4", "no layer 'lefft'"),
        ("left", "found 'left'"),
        ("left=int4", "'int4'"),
        ("left=dybit9", "dybit9"),
    ],
)
def test_wrong_pins(branches: Workload, pin: str, found: str) -> None:
    with pytest.raises(InputError, match=found):
        parse_pins(branches, [pin])


def test_pins_of_two_readers_that_disagree(branches: Workload, table: CostTable) -> None:
    pinned = freedom(branches, "left=w8a4", "right=dybit8")
    with pytest.raises(InputError, match="tensor stem is pinned to 4 bits"):
        allocation_problem(branches, table, pinned, NoiseErrors(branches))
