"""Cycles of a decoder unit in closed form (docs/timing-model.md, "DyBit decoders")."""

from __future__ import annotations

from accelsim.units import ceil_div


def decode_cycles(codes: int, codes_per_word: int, lanes: int, latency_cycles: int) -> int:
    """Cycles to decode `codes` when each of `lanes` lanes takes one native-width word of `codes_per_word` a cycle."""
    return latency_cycles + ceil_div(codes, codes_per_word * lanes)
