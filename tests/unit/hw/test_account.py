"""The account of a layer's window: each cycle has one cause."""

from __future__ import annotations

import pytest
from simpy import Environment

from accelsim.hw.account import LayerRun
from accelsim.hw.payloads import TileMultiply
from accelsim.result import CAUSES
from tests.unit.hw.plans import bare_plan, job


def account() -> tuple[Environment, LayerRun]:
    env = Environment()
    return env, LayerRun.of(env, bare_plan())


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
