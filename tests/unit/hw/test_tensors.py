"""How far a tensor is: readers wake when their rows are there, and only then."""

from __future__ import annotations

from simpy import Environment

from accelsim.hw.tensors import TensorBoard


def test_readers_wake_with_their_rows() -> None:
    env = Environment()
    board = TensorBoard(env)
    assert board.wait("image", 0) is None
    first, second = board.wait("image", 4), board.wait("image", 8)
    assert first is not None
    assert second is not None
    board.advance("other", 10)
    board.advance("image", 4)
    assert (first.triggered, second.triggered) == (True, False)
    board.advance("image", 2)  # rows of an earlier tile that come late change nothing
    assert board.wait("image", 4) is None
    board.advance("image", 8)
    assert second.triggered


def test_a_wait_says_what_for() -> None:
    event = TensorBoard(Environment()).wait("conv1", 3)
    assert event is not None
    assert event.describe() == "the first 3 rows of tensor conv1"  # type: ignore[attr-defined]
