"""The trace: records come back as they went in, and the digest is that of the records, in any process."""

import hashlib
import os
import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.errors import SimulationError
from accelsim.tlm import Trace, TraceRecord

INT64 = st.integers(-(2**63), 2**63 - 1)

SCRIPT = """
from accelsim.tlm import Trace
trace = Trace()
paths, names = {"core.dma", "core.pe", "dram"}, {"begin", "end"}  # sets: their order depends on the hash seed
for path in sorted(paths):
    trace.source(path)
for cycle in range(100):
    trace.record(cycle, trace.source("dram"), trace.event(["begin", "end"][cycle % 2]), cycle * 64)
print(trace.digest())
"""


def small_trace() -> Trace:
    trace = Trace()
    dma, dram = trace.source("core.dma"), trace.source("dram")
    begin, end = trace.event("begin"), trace.event("end")
    trace.record(0, dma, begin, 64)
    trace.record(3, dram, begin, 64, 7)
    trace.record(9, dma, end)
    return trace


def test_records_come_back_with_their_names() -> None:
    trace = small_trace()
    assert list(trace) == [
        TraceRecord(0, "core.dma", "begin", 64, 0),
        TraceRecord(3, "dram", "begin", 64, 7),
        TraceRecord(9, "core.dma", "end", 0, 0),
    ]
    assert len(trace) == 3
    assert (trace.sources, trace.events) == (("core.dma", "dram"), ("begin", "end"))


def test_names_are_interned() -> None:
    trace = Trace()
    assert [trace.source(path) for path in ("a", "b", "a")] == [0, 1, 0]
    assert [trace.event(name) for name in ("x", "x", "y")] == [0, 0, 1]


def test_rows_select_by_event_and_are_a_copy() -> None:
    trace = small_trace()
    assert trace.rows().tolist() == [[0, 0, 0, 64, 0], [3, 1, 0, 64, 7], [9, 0, 1, 0, 0]]
    ends = trace.rows("end")
    assert ends.tolist() == [[9, 0, 1, 0, 0]]
    trace.record(10, 0, 1)
    ends[0, 0] = -1
    assert trace.rows("end")[:, 0].tolist() == [9, 10]
    assert Trace().rows().shape == (0, 5)


def test_an_unknown_event_is_named_with_the_nearest() -> None:
    with pytest.raises(SimulationError, match="no event 'beginn' in the trace; did you mean 'begin'"):
        small_trace().rows("beginn")


def test_digest_is_sha256_of_the_names_and_the_integers() -> None:
    """Each name table: how many, then length and UTF-8 of each; then the records: all integers 64 bits, little end."""
    expected = hashlib.sha256()
    for names in (("core.dma", "dram"), ("begin", "end")):
        expected.update(struct.pack("<q", len(names)))
        for name in names:
            expected.update(struct.pack("<q", len(name)) + name.encode())
    expected.update(struct.pack("<15q", 0, 0, 0, 64, 0, 3, 1, 0, 64, 7, 9, 0, 1, 0, 0))
    assert small_trace().digest() == expected.hexdigest()


def test_digest_tells_names_and_values_apart() -> None:
    traces = [small_trace() for _ in range(4)]
    traces[1].source("another")
    traces[2].event("another")
    traces[3].record(9, 0, 0)
    assert len({trace.digest() for trace in traces}) == 4


def test_digest_is_the_same_in_processes_with_other_hash_seeds() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == hashlib.sha256().digest_size * 2


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.tuples(INT64, st.sampled_from("pq"), st.sampled_from("xyz"), INT64, INT64), max_size=20))
def test_any_64_bit_integers_round_trip(records: list[tuple[int, str, str, int, int]]) -> None:
    trace = Trace()
    for cycle, source, event, a, b in records:
        trace.record(cycle, trace.source(source), trace.event(event), a, b)
    assert list(trace) == [TraceRecord(*record) for record in records]
    assert trace.rows().tolist() == [
        [cycle, trace.sources.index(source), trace.events.index(event), a, b] for cycle, source, event, a, b in records
    ]
