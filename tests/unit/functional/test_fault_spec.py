"""The grammar of --inject."""

from __future__ import annotations

import pytest

from accelsim.errors import InputError
from accelsim.functional.fault_spec import FaultSpec, parse_fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dram:bit=3,rate=1e-6,seed=1", FaultSpec("dram", rate=1e-6, bit=3, seed=1)),
        ("dram:cycle=0,address=0x40", FaultSpec("dram", cycle=0, address=64)),
        ("buffer:rate=0.5", FaultSpec("buffer", rate=0.5)),
        ("decoder:cycle=100,operand=weights,bit=0", FaultSpec("decoder", cycle=100, operand="weights", bit=0)),
    ],
)
def test_what_is_understood(text: str, expected: FaultSpec) -> None:
    assert parse_fault(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drum:rate=1", "found place 'drum'; did you mean 'dram'? (allowed: dram, buffer, decoder)"),
        ("dram", "needs rate or cycle, and not both (allowed: rate=1e-6, or cycle=1000)"),
        ("dram:rate=1,cycle=1", "needs rate or cycle, and not both (allowed: rate=1e-6, or cycle=1000)"),
        ("dram:rate=nan", "rate: found 'nan' (allowed: a probability from 0 to 1)"),
        ("dram:rate=2", "rate: found '2' (allowed: a probability from 0 to 1)"),
        ("dram:rate=1,rate=1", "rate stands there twice (allowed: each key once)"),
        ("dram:rate=1,bit=8", "bit: found '8' (allowed: 0 to 7, 0 the lowest)"),
        ("dram:rate=1,seed=-1", "seed: found '-1' (allowed: an integer of 0 or more)"),
        ("dram:cycle=1e3", "cycle: found '1e3' (allowed: an integer of 0 or more)"),
        ("dram:rate=1,operand=weights", "operand does not go with dram (allowed: operand with buffer or decoder)"),
        ("buffer:rate=1,operand=bias", "operand: found 'bias' (allowed: weights or inputs)"),
        ("buffer:cycle=1,address=0", "address needs dram and cycle (allowed: dram:cycle=0,address=0x40)"),
        (
            "dram:rte=1",
            "found key 'rte'; did you mean 'rate'? (allowed: rate, cycle, bit, operand, address, seed)",
        ),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_fault(text)
    assert str(caught.value) == f"--inject {text}: {message}"
