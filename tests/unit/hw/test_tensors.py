"""How far a tensor is: readers wake when their rows are there, whichever cores make them, and only then."""

from __future__ import annotations

from simpy import Environment

from accelsim.hw.tensors import TensorBoard


def test_readers_wake_with_their_rows() -> None:
    board = TensorBoard(Environment(), {"a": {0: (0, 8)}, "other": {0: (0, 10)}})
    assert board.wait("a", (0, 0)) is None
    first, second = board.wait("a", (0, 4)), board.wait("a", (5, 8))
    assert first is not None
    assert second is not None
    board.advance("other", 0, 10)
    board.advance("a", 0, 4)
    assert (first.triggered, second.triggered) == (True, False)
    board.advance("a", 0, 2)  # rows of an earlier tile that come late change nothing
    assert board.wait("a", (0, 4)) is None
    board.advance("a", 0, 8)
    assert second.triggered


def test_what_nobody_makes_is_there() -> None:
    assert TensorBoard(Environment(), {}).wait("image", (0, 100)) is None


def test_rows_of_several_cores() -> None:
    """Core 0 makes rows 0-3, core 1 rows 4-7: rows 3-5 need all of the first part and two rows of the second."""
    board = TensorBoard(Environment(), {"a": {0: (0, 4), 1: (4, 8)}})
    across, below, above = board.wait("a", (3, 6)), board.wait("a", (4, 5)), board.wait("a", (0, 2))
    assert across is not None
    assert below is not None
    assert above is not None
    board.advance("a", 1, 6)
    assert (across.triggered, below.triggered, above.triggered) == (False, True, False)
    board.advance("a", 0, 4)
    assert (across.triggered, above.triggered) == (True, True)


def test_channels_of_several_cores() -> None:
    """Each core makes some channels of every row: a row is there when both have made it."""
    board = TensorBoard(Environment(), {"a": {0: (0, 8), 1: (0, 8)}})
    event = board.wait("a", (0, 4))
    assert event is not None
    board.advance("a", 0, 8)
    assert not event.triggered
    board.advance("a", 1, 4)
    assert event.triggered


def test_a_core_waits_for_others_only_where_they_make_what_it_needs() -> None:
    board = TensorBoard(Environment(), {"a": {0: (0, 4), 1: (4, 8)}})
    assert board.wait_for_others("a", (0, 4), 0) is None
    event = board.wait_for_others("a", (0, 5), 0)
    assert event is not None
    board.advance("a", 1, 5)
    assert event.triggered
    assert board.wait("a", (0, 5)) is not None  # its own rows are missing still


def test_a_concatenation_is_as_far_as_the_part_that_is_behind() -> None:
    made = {name: {0: (0, 9)} for name in ("a", "b", "c")}
    board = TensorBoard(Environment(), made, {"pair": ("a", "b"), "all": ("c", "pair", "image")})
    pair, everything = board.wait("pair", (0, 2)), board.wait("all", (0, 2))
    assert pair is not None
    assert everything is not None
    board.advance("c", 0, 9)
    board.advance("a", 0, 5)
    board.advance("b", 0, 1)
    assert not pair.triggered
    board.advance("b", 0, 3)
    assert (pair.triggered, everything.triggered) == (True, True)
    assert board.wait("all", (0, 4)) is not None


def test_a_wait_says_what_for() -> None:
    event = TensorBoard(Environment(), {"conv1": {0: (0, 9)}}).wait("conv1", (1, 3))
    assert event is not None
    assert event.describe() == "rows 1-2 of tensor conv1"  # type: ignore[attr-defined]
