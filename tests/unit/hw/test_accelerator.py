"""The wiring: policies by name, the module tree, and events that grow with the work."""

from __future__ import annotations

import pytest
from simpy import Environment

from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_dram, load_hardware
from accelsim.hw.accelerator import Accelerator, make_arbiter
from accelsim.mapping.planner import plan_network
from accelsim.simulation import memory_view, run_network
from accelsim.tlm import Arbiter, FixedPriority, OldestFirst, Request, RoundRobin, Trace, Weighted, collect
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision


def chain(layers: int) -> Workload:
    """Equal convolutions behind each other."""
    lines = [
        f"  - {{name: c{index}, kind: conv2d, input: {f'c{index - 1}' if index else 'image'}, "
        "out_channels: 64, kernel: 3, padding: 1, post: [relu]}"
        for index in range(layers)
    ]
    return parse_workload("\n".join(["name: chain", "input: {shape: [64, 28, 28]}", "layers:", *lines]))


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("round_robin", RoundRobin),
        ("fixed_priority", FixedPriority),
        ("weighted", Weighted),
        ("oldest_first", OldestFirst),
    ],
)
def test_every_policy_of_the_configuration(name: str, policy: type[Arbiter]) -> None:
    assert isinstance(make_arbiter(load_hardware("zcu102", [f"interconnect.arbiter={name}"])), policy)


def test_a_fixed_order_goes_by_engine_then_by_core() -> None:
    """Ports are weight, input and output of core 0, then of core 1; outputs go first, weights last."""
    machine = load_hardware("zcu102", ["interconnect.arbiter=fixed_priority", "cores=2"])
    arbiter, waiting = make_arbiter(machine), list(range(6))
    order = []
    while waiting:
        order.append(waiting.pop(arbiter.select([Request(port, 0) for port in waiting])))
    assert order == [2, 5, 1, 4, 0, 3]


def test_the_tree_names_every_block() -> None:
    machine, workload = load_hardware("zcu102", ["cores=2", "dram.channels=2"]), chain(1)
    dram = load_dram(machine.dram.preset)
    schedule = plan_network(workload, machine, resolve_precision(workload), memory_view(machine, dram))
    accelerator = Accelerator(Environment(), machine, dram, schedule, Trace())
    tree = collect(accelerator)
    assert list(tree) == ["dram", "core0", "core1", "interconnect"]
    core = tree["core1"]
    assert isinstance(core, dict)
    assert set(core) == {
        "weight_buffer", "input_buffer", "output_buffer", "weight_decoder", "input_decoder", "array", "vector_unit",
        "weight_dma", "input_dma", "output_dma", "controller",
    }  # fmt: skip


@pytest.mark.parametrize("machine", [load_hardware("zcu102"), load_hardware("edge-lpddr4")], ids=lambda m: str(m.name))
def test_events_grow_with_the_work(machine: Hardware) -> None:
    """Each further layer costs about the same events, whatever came before: how often the DRAM is looked at varies."""
    events = []
    for layers in (4, 8, 12):
        workload = chain(layers)
        events.append(run_network(workload, machine, resolve_precision(workload)).events)
    assert events[2] - events[1] == pytest.approx(events[1] - events[0], rel=0.1)
