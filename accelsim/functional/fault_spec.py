"""What `--inject` asks for: `dram:bit=3,rate=1e-6,seed=1`. See docs/functional.md, "Faults"."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accelsim.errors import InputError, nearest_name
from accelsim.units import BITS_PER_BYTE

PLACES = ("dram", "buffer", "decoder")
OPERANDS = ("weights", "inputs")


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Bits to flip: each with probability `rate`, or one at `cycle`; None: any bit, either operand, any byte."""

    place: str
    rate: float | None = None
    cycle: int | None = None
    bit: int | None = None
    operand: str | None = None
    address: int | None = None
    seed: int = 0


def parse_fault(text: str) -> FaultSpec:
    """A specification from the command line; InputError for anything that `docs/functional.md` does not name."""
    where = f"--inject {text}"
    place, _, rest = text.partition(":")
    if place not in PLACES:
        raise InputError(where, f"found place {place!r}", ", ".join(PLACES), nearest_name(place, PLACES))
    found: dict[str, Any] = {}
    for pair in rest.split(",") if rest else ():
        key, _, value = pair.partition("=")
        if key not in _READERS:
            raise InputError(where, f"found key {key!r}", ", ".join(_READERS), nearest_name(key, _READERS))
        if key in found:
            raise InputError(where, f"{key} stands there twice", "each key once")
        read, allowed = _READERS[key]
        try:
            found[key] = read(value)
        except ValueError:
            raise InputError(where, f"{key}: found {value!r}", allowed) from None
    if ("rate" in found) == ("cycle" in found):
        raise InputError(where, "needs rate or cycle, and not both", "rate=1e-6, or cycle=1000")
    if "operand" in found and place == "dram":
        raise InputError(where, "operand does not go with dram", "operand with buffer or decoder")
    if "address" in found and (place != "dram" or "cycle" not in found):
        raise InputError(where, "address needs dram and cycle", "dram:cycle=0,address=0x40")
    return FaultSpec(place, **found)


def _probability(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1 or math.isnan(value):
        raise ValueError
    return value


def _natural(text: str) -> int:
    value = int(text, 0)
    if not 0 <= value < 2**63:
        raise ValueError
    return value


def _bit(text: str) -> int:
    value = _natural(text)
    if value >= BITS_PER_BYTE:
        raise ValueError
    return value


def _operand(text: str) -> str:
    if text not in OPERANDS:
        raise ValueError
    return text


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "rate": (_probability, "a probability from 0 to 1"),
    "cycle": (_natural, "an integer of 0 or more"),
    "bit": (_bit, "0 to 7, 0 the lowest"),
    "operand": (_operand, " or ".join(OPERANDS)),
    "address": (_natural, "an integer of 0 or more"),
    "seed": (_natural, "an integer of 0 or more"),
}
