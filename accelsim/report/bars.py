"""Bars of text: eighths of a block where the terminal has them, `#` where it does not."""

from __future__ import annotations

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(fraction: float, width: int, *, ascii_only: bool = False) -> str:
    """A bar for a fraction 0..1 of `width` cells; anything above zero shows at least the smallest mark."""
    fraction = min(max(fraction, 0.0), 1.0)
    if ascii_only:
        cells = round(fraction * width)
        return "#" * cells or ("." if fraction else "")
    eighths = round(fraction * width * 8)
    if fraction and not eighths:
        eighths = 1
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
