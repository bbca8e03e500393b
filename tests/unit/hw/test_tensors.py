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


def test_a_concatenation_is_as_far_as_the_part_that_is_behind() -> None:
    board = TensorBoard(Environment(), {"pair": ("a", "b"), "all": ("c", "pair")})
    pair, everything = board.wait("pair", 2), board.wait("all", 2)
    assert pair is not None
    assert everything is not None
    board.advance("c", 9)
    board.advance("a", 5)
    board.advance("b", 1)
    assert not pair.triggered
    board.advance("b", 3)
    assert (pair.triggered, everything.triggered) == (True, True)
    assert board.wait("all", 4) is not None


def test_a_wait_says_what_for() -> None:
    event = TensorBoard(Environment()).wait("conv1", 3)
    assert event is not None
    assert event.describe() == "the first 3 rows of tensor conv1"  # type: ignore[attr-defined]
