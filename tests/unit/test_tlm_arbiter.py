"""Arbitration policies: whole grant sequences worked by hand, and the properties that each promises."""

from collections.abc import Callable, Sequence
from itertools import combinations, count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.errors import InputError, SimulationError
from accelsim.tlm import Arbiter, FixedPriority, OldestFirst, Request, RoundRobin, Weighted


def backlog(arbiter: Arbiter, sizes: Sequence[int], grants: int) -> list[int]:
    """Requesters served, when each always has one request waiting: a new one arrives as the old one is granted."""
    waiting = [Request(requester, 0, size) for requester, size in enumerate(sizes)]
    served = []
    for cycle in range(1, grants + 1):
        chosen = arbiter.select(waiting)
        requester, _, size = waiting.pop(chosen)
        served.append(requester)
        waiting.append(Request(requester, cycle, size))
    return served


def test_round_robin_takes_turns() -> None:
    assert backlog(RoundRobin(3), [1, 1, 1], 7) == [0, 1, 2, 0, 1, 2, 0]


def test_round_robin_passes_over_who_does_not_wait() -> None:
    arbiter = RoundRobin(4)
    assert arbiter.select([Request(2, 0), Request(3, 0)]) == 0
    assert arbiter.select([Request(0, 0), Request(2, 0)]) == 0  # after 2 comes 3, who does not wait, then 0
    assert arbiter.select([Request(2, 5), Request(2, 4)]) == 1  # of one requester the older request


def test_fixed_priority_follows_its_order_and_may_starve() -> None:
    assert backlog(FixedPriority([2, 0, 1]), [1, 1, 1], 4) == [2, 2, 2, 2]
    arbiter = FixedPriority([2, 0, 1])
    assert arbiter.select([Request(1, 0), Request(0, 9)]) == 1
    assert arbiter.select([Request(0, 9), Request(0, 3), Request(1, 0)]) == 1


def test_oldest_first_is_first_come_first_served() -> None:
    assert OldestFirst().select([Request(0, 7), Request(1, 3), Request(2, 5)]) == 1
    assert OldestFirst().select([Request(2, 3), Request(1, 3)]) == 1


def test_weighted_by_hand() -> None:
    """Weights 2 and 1, sizes 1: a grant moves clock 0 on by 1 half and clock 1 by 2 halves.

    Clocks before each grant, in halves: 0 0 | 1 0 | 1 2 | 2 2 | 2 4 | 3 4 | 4 4 | 4 6 | 5 6. The lower one is served;
    of equals the older request: at first requester 0 (both of cycle 0), later 1 (it has waited since its last grant).
    """
    assert backlog(Weighted([2, 1]), [1, 1], 9) == [0, 1, 0, 1, 0, 0, 1, 0, 0]


def test_weighted_counts_bytes_not_grants() -> None:
    """Equal weights, requester 1 asks for 4 times as much: over 5 * n grants it gets n."""
    served = backlog(Weighted([1, 1]), [64, 256], 50)
    assert (served.count(0), served.count(1)) == (40, 10)


def test_weighted_idleness_saves_up_no_credit() -> None:
    """Requester 0 alone for 100 grants; then 1 appears: from there on they alternate."""
    arbiter = Weighted([1, 1])
    for cycle in range(100):
        arbiter.select([Request(0, cycle)])
    assert sorted(backlog(arbiter, [1, 1], 2)) == [0, 1]
    assert sorted(backlog(arbiter, [1, 1], 2)) == [0, 1]


@pytest.mark.parametrize(
    "construct",
    [
        lambda: RoundRobin(0),
        lambda: Weighted([]),
        lambda: Weighted([1, 0]),
        lambda: FixedPriority([]),
        lambda: FixedPriority([0, 2]),
        lambda: FixedPriority([0, 0]),
    ],
)
def test_impossible_policies_are_refused(construct: Callable[[], Arbiter]) -> None:
    with pytest.raises(InputError, match="arbiter"):
        construct()


@pytest.mark.parametrize("arbiter", [RoundRobin(2), Weighted([1, 1]), FixedPriority([0, 1])])
def test_unknown_requesters_are_refused(arbiter: Arbiter) -> None:
    with pytest.raises(SimulationError, match="requester 2 before an arbiter of 2"):
        arbiter.select([Request(2, 0)])


COUNTS = st.integers(1, 5)


@st.composite
def traffic(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    """A number of requesters and, for each of some cycles, the sizes by requester of what arrives (0: nothing)."""
    requesters = draw(COUNTS)
    sizes = st.lists(st.integers(0, 64), min_size=requesters, max_size=requesters)
    return requesters, draw(st.lists(sizes, min_size=1, max_size=30))


POLICIES: dict[str, Callable[[int], Arbiter]] = {
    "round robin": RoundRobin,
    "fixed priority": lambda n: FixedPriority(range(n)),
    "weighted": lambda n: Weighted([1 + i for i in range(n)]),
    "oldest first": lambda n: OldestFirst(),
}


@pytest.mark.parametrize("policy", POLICIES)
@settings(derandomize=True, max_examples=50, deadline=None)
@given(arrivals=traffic())
def test_every_request_is_served_once_and_again_the_same(policy: str, arrivals: tuple[int, list[list[int]]]) -> None:
    """Work conserving: one grant per cycle as long as somebody waits, and equal inputs give equal grants."""
    requesters, cycles = arrivals

    def serve() -> list[Request]:
        arbiter, waiting, served = POLICIES[policy](requesters), list[Request](), list[Request]()
        for cycle in count():
            if cycle < len(cycles):
                waiting += [Request(i, cycle, size) for i, size in enumerate(cycles[cycle]) if size]
            elif not waiting:
                return served
            if waiting:
                served.append(waiting.pop(arbiter.select(waiting)))
        raise AssertionError

    served = serve()
    assert sorted(served) == sorted(
        Request(i, c, s) for c, sizes in enumerate(cycles) for i, s in enumerate(sizes) if s
    )
    assert serve() == served


@settings(derandomize=True, max_examples=50, deadline=None)
@given(requesters=COUNTS, start=st.integers(0, 20))
def test_round_robin_serves_each_once_in_any_window_of_n(requesters: int, start: int) -> None:
    served = backlog(RoundRobin(requesters), [1] * requesters, start + requesters)
    assert sorted(served[start:]) == list(range(requesters))


@settings(derandomize=True, max_examples=50, deadline=None)
@given(requesters=COUNTS, start=st.integers(0, 20))
def test_oldest_first_starves_nobody(requesters: int, start: int) -> None:
    """With one request each waiting, a request is overtaken by none that came later."""
    served = backlog(OldestFirst(), [1] * requesters, start + requesters)
    assert sorted(served[start:]) == list(range(requesters))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 64)), min_size=2, max_size=5), st.integers(1, 200))
def test_weighted_shares_stay_within_the_bound_of_fair_queuing(shares: list[tuple[int, int]], grants: int) -> None:
    """|bytes_i / w_i - bytes_j / w_j| <= size_i / w_i + size_j / w_j at all times: shares converge to the weights."""
    weights, sizes = zip(*shares, strict=True)
    served = backlog(Weighted(weights), sizes, grants)
    taken = [size * served.count(requester) for requester, size in enumerate(sizes)]
    for i, j in combinations(range(len(shares)), 2):
        # Both sides times w_i * w_j, to compare whole numbers.
        difference = abs(taken[i] * weights[j] - taken[j] * weights[i])
        assert difference <= sizes[i] * weights[j] + sizes[j] * weights[i]
