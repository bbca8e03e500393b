"""The account of a layer's window: each cycle has one cause."""

from __future__ import annotations

import pytest
from simpy import Environment

from accelsim.analytic.compute import array_shape
from accelsim.config.presets import load_hardware
from accelsim.hw.account import LayerRun
from accelsim.hw.payloads import TileMultiply
from accelsim.mapping.planner import plan_network
from accelsim.result import CAUSES
from accelsim.simulation import memory_view
from accelsim.tlm import Command
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

MACHINE = load_hardware("scalesim")
NETWORK = parse_workload(
    """
name: one
input: {name: image, shape: [8, 4, 4]}
layers:
  - {name: only, kind: conv2d, input: image, out_channels: 8, kernel: 1}
"""
)


def account() -> tuple[Environment, LayerRun]:
    env = Environment()
    schedule = plan_network(NETWORK, MACHINE, resolve_precision(NETWORK), memory_view(MACHINE, None))
    return env, LayerRun.of(env, schedule.plans[0])


def job(
    streaming: int, fill_drain: int, *, decoder: int = 0, weight_port: int = 0, input_port: int = 0
) -> TileMultiply:
    """A tile as the array answers it."""
    return TileMultiply(
        Command.READ, 0, 1, "bench", tile=Gemm(1, 1, 1, 1), shape=array_shape(MACHINE.array, 8, 8),
        weight_bits=8, input_bits=8, weights_decoded=True, inputs_decoded=True,
        streaming_cycles=streaming, fill_drain_cycles=fill_drain, decoder_cycles=decoder,
        weight_port_cycles=weight_port, input_port_cycles=input_port,
    )  # fmt: skip


def causes(run: LayerRun) -> dict[str, int]:
    return {cause: cycles for cause, cycles in run.breakdown.items() if cycles}


def test_it_starts_with_every_cause_at_zero() -> None:
    _, run = account()
    assert run.breakdown == dict.fromkeys(CAUSES, 0)


def test_a_tile_at_the_arrays_own_pace() -> None:
    _, run = account()
    run.charge(job(streaming=100, fill_drain=30), 130)
    assert causes(run) == {"computing": 100, "fill_drain": 30}
    assert run.compute_cycles == 130


@pytest.mark.parametrize(
    ("slow", "cause"),
    [
        (job(streaming=100, fill_drain=30, decoder=180, weight_port=140), "wait_decoder"),
        (job(streaming=100, fill_drain=30, decoder=90, weight_port=180), "wait_weights"),
        (job(streaming=100, fill_drain=30, weight_port=140, input_port=180), "wait_inputs"),
    ],
)
def test_the_slowest_stream_is_charged_for_the_stretch(slow: TileMultiply, cause: str) -> None:
    _, run = account()
    run.charge(slow, 180)
    assert causes(run) == {"computing": 100, "fill_drain": 30, cause: 50}
    assert run.compute_cycles == 130


def test_a_wait_is_charged_as_long_as_it_lasts() -> None:
    env, run = account()
    late, early = env.timeout(40), env.event().succeed()
    env.process(run.wait(env, late, "wait_inputs"))
    env.run()
    env.process(run.wait(env, early, "wait_weights"))
    env.process(run.wait(env, None, "wait_weights"))
    env.run()
    assert causes(run) == {"wait_inputs": 40}
