"""Preset `dpu-b4096` against the boards: `make validate` compares seven networks on three of them."""

from __future__ import annotations

import pytest

from benchmarks.validation.dpu import BOARDS, frames_per_second
from benchmarks.validation.single_layer import read_rows

MANY_THREADS = {(row["board"], row["network"]): float(row["many_threads"]) for row in read_rows("dpu_boards.csv")}


@pytest.mark.parametrize(
    ("board", "network"), [("ZCU102", "resnet50"), ("ZCU102", "inception_v1"), ("KV260", "resnet50")]
)
def test_frames_a_second_are_within_15_percent(board: str, network: str) -> None:
    assert frames_per_second(network, BOARDS[board]) == pytest.approx(MANY_THREADS[board, network], rel=0.15)


def test_the_profile_moves_the_bytes_of_its_layers() -> None:
    """MiB of weights, and of results but behind a pool, of the layers' shapes: what was read off is consistent."""
    for row in read_rows("dpu_layers.csv"):
        channels, outputs, kernel, size = (int(row[key]) for key in ("channels", "outputs", "kernel", "size"))
        assert float(row["weights_mib"]) == pytest.approx(channels * outputs * kernel**2 / 2**20, abs=0.006)
        if row["layer"] != "conv1":
            assert float(row["stored_mib"]) == pytest.approx(outputs * size**2 / 2**20, abs=0.002)
