"""How reports say it: names cut to fit, and what the numbers mean in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from accelsim.report.palette import BOUND_LABELS
from accelsim.report.summary import cause_rows, cores_per_image, ratio
from accelsim.result import Bound, Result

LONGEST_NAME = 32
_NAMED = 3  # layers of each bound that the reading names


def short_name(name: str) -> str:
    """A name of at most 32 characters: a longer one by its end, which tells layers apart."""
    return name if len(name) <= LONGEST_NAME else "..." + name[3 - LONGEST_NAME :]


def clipped(text: str, characters: int) -> str:
    """A text of at most so many characters: a longer one by its beginning."""
    return text if len(text) <= characters else text[: characters - 3] + "..."


def layers_phrase(result: Result) -> str:
    """What a list of the layers shows: with several cores those of one image, on one core or on those that share it."""
    images, cores = result.totals.images, cores_per_image(result)
    if cores > 1:
        return f"Layers of {'an image' if images == 1 else f'one of {images} images'} on {cores} cores"
    return "Layers" if images == 1 else f"Layers of one of {images} cores"


def reading(result: Result) -> str:
    """The breakdown in words: how much computes and how well, what the rest is, and which layers bind the run."""
    rows = cause_rows(result)
    computing = next(row for row in rows if row.cause == "computing")
    rest = max((row for row in rows if row.cause != "computing"), key=lambda row: row.cycles)
    possible = sum(layer.breakdown["computing"] * layer.peak_macs_per_cycle for layer in result.layers)
    filled = ratio(sum(layer.macs for layer in result.layers), possible) or 0.0
    text = f"{computing.fraction:.0%} of the cycles compute, with {filled:.0%} of the multipliers at work"
    if rest.cycles:
        text += f"; the largest part of the rest is {rest.label} ({rest.fraction:.0%})"
    return " ".join([f"{text}.", *_bound_sentences(result)])


def _bound_sentences(result: Result) -> Iterator[str]:
    """For the two bounds that take the most cycles: how many layers they hold back, and which most of all."""
    cycles_by_bound = Counter[Bound]()
    for layer in result.layers:
        cycles_by_bound[layer.bound] += layer.cycles
    for bound, cycles in cycles_by_bound.most_common(2):
        layers = sorted((layer for layer in result.layers if layer.bound == bound), key=lambda layer: -layer.cycles)
        is_, takes = ("is", "takes") if len(layers) == 1 else ("are", "take")
        names = ", ".join(short_name(layer.name) for layer in layers[:_NAMED])
        yield (
            f"{len(layers)} of {len(result.layers)} layers {is_} {BOUND_LABELS[bound]}-bound and {takes} "
            f"{ratio(cycles, result.totals.cycles) or 0.0:.0%} of the cycles: "
            f"{'led by ' if len(layers) > _NAMED else ''}{names}."
        )
