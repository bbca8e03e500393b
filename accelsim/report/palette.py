"""The one palette of tables and figures: Okabe and Ito's eight colours, told apart with any colour vision.

Source: M. Okabe, K. Ito, "Color Universal Design", 2008. A thing keeps its colour everywhere: weights are vermillion
as a cause of waiting, as an initiator and (with the other DRAM waits) as a bound.
"""

from __future__ import annotations

INK = "#222222"
GREY = "#9A9A9A"
LIGHT_GREY = "#DDDDDD"
_SILVER = "#BBBBBB"  # further from the purple than grey is
_ORANGE, _SKY, _GREEN, _YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
_BLUE, _VERMILLION, _PURPLE = "#0072B2", "#D55E00", "#CC79A7"

#: Colour of every cause in `accelsim.result.CAUSES`.
CAUSE_COLOURS = {
    "computing": _GREEN,
    "fill_drain": _SKY,
    "wait_decoder": _PURPLE,
    "wait_weights": _VERMILLION,
    "wait_inputs": _ORANGE,
    "wait_output_space": _YELLOW,
    "wait_vector_unit": _BLUE,
    "idle": _SILVER,
}

#: Colour of every bound; the marker tells them apart without colour.
BOUND_COLOURS = {
    "compute": _GREEN,
    "dram": _VERMILLION,
    "fill_drain": _SKY,
    "decoder": _PURPLE,
    "vector_unit": _BLUE,
    "idle": _SILVER,
}
BOUND_MARKERS = {"compute": "o", "dram": "s", "fill_drain": "^", "decoder": "D", "vector_unit": "v", "idle": "X"}
BOUND_LABELS = {
    "compute": "compute",
    "dram": "DRAM",
    "fill_drain": "fill/drain",
    "decoder": "decoder",
    "vector_unit": "vector",
    "idle": "idle",
}

_INITIATOR_COLOURS = {"weight": _VERMILLION, "input": _ORANGE, "output": _YELLOW}


def initiator_colour(name: str) -> str:
    """Colour of a DMA engine by its name; silver for an initiator that is none of the three."""
    return _INITIATOR_COLOURS.get(name, _SILVER)
