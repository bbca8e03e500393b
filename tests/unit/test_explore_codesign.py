"""Codesign: the problem is the network's, targets hold in the simulation, and the exact search is never worse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import InputError
from accelsim.explore.allocation_problem import allocation_problem, parse_pins
from accelsim.explore.codesign import Codesign
from accelsim.explore.cost_table import CostTable, cost_table
from accelsim.simulation import run_baseline
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload, parse_workload
from quant.allocation.problem import Problem

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
    return allocation_problem(branches, table, WIDTHS, parse_pins(branches, []))


@pytest.fixture(scope="module")
def search(branches: Workload, problem: Problem) -> Codesign:
    return Codesign(branches, HARDWARE, problem, run_baseline("fp32", branches, HARDWARE).totals.cycles)


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
    design = search.for_error(5.0, "exact", {"average_bits": 4.5})
    assert design.average_bits <= 4.5


def test_what_cannot_be_reached_names_the_best(search: Codesign) -> None:
    with pytest.raises(InputError) as caught:
        search.for_speedup(1000.0, "exact")
    best = float(caught.value.allowed.removeprefix("up to "))
    assert search.for_speedup(0.99 * best, "exact").predicted_speedup == pytest.approx(best, rel=0.02)
    with pytest.raises(InputError, match="error"):
        search.for_error(1e-9, "exact")


def test_uniform_designs_are_one_width_for_all_that_is_free(search: Codesign) -> None:
    pairs = [design.allocation["left"] for design in search.uniform()]
    assert [(pair.weights, pair.activations) for pair in pairs] == [(f"dybit{b}",) * 2 for b in (8, 4, 2)]


def test_own_weights_change_the_error_and_nothing_else(branches: Workload, table: CostTable, problem: Problem) -> None:
    rng = np.random.default_rng(0)
    shapes = {"stem": (64, 16, 3, 3), "left": (64, 64, 3, 3), "right": (64, 64, 1, 1)}
    weights = {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    own = allocation_problem(branches, table, WIDTHS, parse_pins(branches, []), weights)
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
    found = {layer.name: layer for layer in allocation_problem(vit, table, (8,), {}).layers}[matmul.name]
    assert (found.activations, found.weights) == tuple(f"tensor {tensor}" for tensor in matmul.inputs)


@pytest.mark.parametrize(
    ("pin", "found"),
    [("lefft=dybit4", "no layer 'lefft'"), ("left", "found ''"), ("left=int4", "'int4'"), ("left=dybit9", "dybit9")],
)
def test_wrong_pins(branches: Workload, pin: str, found: str) -> None:
    with pytest.raises(InputError, match=found):
        parse_pins(branches, [pin])


def test_pins_of_two_readers_that_disagree(branches: Workload, table: CostTable) -> None:
    pins = parse_pins(branches, ["left=w8a4", "right=dybit8"])
    with pytest.raises(InputError, match="tensor stem is pinned to 4 bits"):
        allocation_problem(branches, table, WIDTHS, pins)
