"""`accelsim memory`: the document, the table, the arbiters, and what it says to wrong traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_wrong_input import check

HEAD = "initiator,address,bytes,op\n"
#: Two reads of 1 KB in two rows of one bank, by two initiators (docs/timing-model.md, "A row conflict").
TRACE = HEAD + "a,0x0,1024,R\nb,20000,1024,R\n"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(TRACE, encoding="utf-8")
    return path


def test_the_document(cli: Cli, trace: Path) -> None:
    found = cli("memory", trace, "--dram", "ddr4-2400", "--json").document
    assert (found["clocks"], found["bytes"], found["bursts"]) == (261, 2048, 32)
    assert found["bus_efficiency"] == pytest.approx(32 * 4 / 261)
    assert (found["row_hits"], found["row_misses"], found["row_conflicts"]) == (30, 1, 1)
    assert found["latency_clocks"]["max"] == 261 - 16  # accepted behind 16 bursts, one in each clock
    assert found["bytes_per_second"] == pytest.approx(2048 / (261 * 833e-12))
    assert list(found["initiators"]) == ["a", "b"]
    assert found["initiators"]["a"]["latency_clocks"]["p50"] == 128
    assert found["initiators"]["b"]["bytes_per_second"] == pytest.approx(1024 / (261 * 833e-12))


def test_the_table(cli: Cli, trace: Path) -> None:
    shown = cli("memory", trace, "--dram", "ddr4-2400").out
    assert "261 clocks" in " ".join(shown.split())
    assert "49.0%" in shown


@pytest.mark.parametrize(
    ("arbiter", "order"), [("oldest_first", "aabb"), ("round_robin", "abab"), ("fixed_priority", "aabb")]
)
def test_arbiters(cli: Cli, tmp_path: Path, arbiter: str, order: str) -> None:
    """Four rows of one bank, one burst each: they finish in the order in which they were let go."""
    path = tmp_path / "four.csv"
    path.write_text(HEAD + "a,0,64,R\na,20000,64,R\nb,40000,64,R\nb,60000,64,R\n", encoding="utf-8")
    found = cli("memory", path, "--dram", "ddr4-2400", "--arbiter", arbiter, "--json").document
    last = {name: share["last_clock"] for name, share in found["initiators"].items()}
    row_cycle = 39 + 17  # tRAS + tRP: from one activate to the next
    assert last == {name: 38 + order.rindex(name) * row_cycle for name in "ab"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["trace.csv:1: is empty", "allowed: the header initiator,address,bytes,op"]),
        ("initiator,address,bytes\n", ["trace.csv:1: found 'initiator,address,bytes'", "the header"]),
        (HEAD, ["trace: holds no transactions"]),
        (TRACE + "c,0,64\n", ["trace.csv:4: found 3 fields", "4: initiator, address"]),
        (TRACE + "\n", ["trace.csv:4: found 0 fields"]),
        (TRACE + ",0,64,R\n", ["trace.csv:4: initiator: found nothing"]),
        (TRACE + "c,xyz,64,R\n", ["trace.csv:4: address: found 'xyz'", "hexadecimal"]),
        (TRACE + "c,-1,64,R\n", ["trace.csv:4: address: found '-1'"]),
        (TRACE + "c,0,0,R\n", ["trace.csv:4: bytes: found '0'", "a whole number from 1"]),
        (TRACE + "c,0,1e3,R\n", ["trace.csv:4: bytes: found '1e3'"]),
        (TRACE + "c,0,64,r\n", ["trace.csv:4: op: found 'r'", "R or W"]),
        (TRACE + 'c,"0,64,R\n', ["trace.csv:4: not CSV"]),
    ],
)
def test_wrong_traces(cli: Cli, trace: Path, text: str, says: list[str]) -> None:
    trace.write_text(text, encoding="utf-8")
    check(cli("memory", trace, "--dram", "ddr4-2400", "--json"), says)


def test_wrong_options(cli: Cli, trace: Path) -> None:
    check(cli("memory", trace, "--dram", "ddr4-240"), ["dram 'ddr4-240': no such preset; did you mean 'ddr4-2400'?"])
    check(
        cli("memory", trace, "--dram", "ddr4-2400", "--arbiter", "robin"),
        ["--arbiter: found 'robin'", "did you mean 'round_robin'?", "oldest_first"],
    )
    check(cli("memory", trace.with_name("no.csv"), "--dram", "ddr4-2400"), ["no.csv: No such file", "a CSV file"])
    trace.write_bytes(b"\xff\xfe\n")
    check(cli("memory", trace, "--dram", "ddr4-2400"), ["trace.csv: is not UTF-8"])
