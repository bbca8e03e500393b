"""Exact integer arithmetic on bits, bytes, cycles and clock periods, with cuts of ranges, and how people read them."""

from __future__ import annotations

from collections.abc import Iterator

BITS_PER_BYTE = 8
PICOSECONDS_PER_SECOND = 10**12


def ceil_div(numerator: int, denominator: int) -> int:
    """Smallest integer >= numerator / denominator, for denominator > 0."""
    return -(-numerator // denominator)


def bits_to_bytes(bits: int) -> int:
    """Whole bytes that hold `bits` bits."""
    return ceil_div(bits, BITS_PER_BYTE)


def cut_at_multiples(address: int, size_bytes: int, boundary_bytes: int) -> Iterator[tuple[int, int]]:
    """Address and bytes of the parts of a range between multiples of `boundary_bytes`, in order of address."""
    end = address + size_bytes
    while address < end:
        stop = address - address % boundary_bytes + boundary_bytes
        if stop > end:
            stop = end
        yield address, stop - address
        address = stop


def picoseconds_to_cycles(picoseconds: int, clock_hz: int) -> int:
    """First clock edge at or after a time, in cycles of `clock_hz`: the one rounding at a clock crossing."""
    return ceil_div(picoseconds * clock_hz, PICOSECONDS_PER_SECOND)


def cycles_to_picoseconds(cycles: int, clock_hz: int) -> int:
    """Time of a clock edge in picoseconds, rounded down (exact when the period is a whole number of picoseconds)."""
    return cycles * PICOSECONDS_PER_SECOND // clock_hz


def format_bytes(count: float) -> str:
    """`1536` -> `1.5 KiB`: binary prefixes, as buffers are sized."""
    for unit in ("B", "KiB", "MiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def format_si(value: float, unit: str = "") -> str:
    """`4.1e9` -> `4.10 G`: decimal prefixes, as rates and counts are quoted."""
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.2f} {prefix}{unit}"
    return f"{value:.0f} {unit}".rstrip() if value == int(value) else f"{value:.2f} {unit}".rstrip()
