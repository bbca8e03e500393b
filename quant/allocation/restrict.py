"""A problem with fewer assignments: pins, weights alone, choices that have one format together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from quant.allocation.problem import Choice, Problem
from quant.errors import DataError


def pinned(problem: Problem, pins: Mapping[str, str]) -> Problem:
    """The problem in which these choices have these formats.

    Raises DataError for an unknown choice, and for a format that is none of its candidates.
    """
    places = {name: [_choice(problem, name).place_of(format_name)] for name, format_name in pins.items()}
    return _with_candidates(problem, places)


def weight_only(problem: Problem, format_name: str) -> Problem:
    """The problem in which every activation tensor that is not pinned yet has this format.

    Raises DataError where it is no candidate.
    """
    free = [choice.name for choice in problem.choices if not choice.weights and len(choice.formats) > 1]
    return pinned(problem, dict.fromkeys(free, format_name))


def merged(problem: Problem, groups: Iterable[Sequence[str]]) -> Problem:
    """The problem in which the choices of each group have one format. The choice has the name of the first of them.

    Errors and sizes add up; candidates are the first one's that all have. Raises DataError for an unknown choice, one
    that is in two groups or twice in one, and a group without a common candidate.
    """
    name_of: dict[str, str] = {}
    joined: dict[str, Choice] = {}
    places: dict[str, list[int]] = {}
    for group in groups:
        members = [_choice(problem, name) for name in group]
        formats = [name for name in members[0].formats if all(name in member.formats for member in members)]
        if not formats:
            raise DataError(f"{', '.join(group)} have no candidate in common", "at least one")
        for member in members:
            if member.name in name_of:
                raise DataError(f"{member.name} is in a group twice", "every choice once")
            name_of[member.name] = group[0]
            places[member.name] = [member.place_of(name) for name in formats]
        joined[group[0]] = _sum(group[0], formats, members)
    narrowed = _with_candidates(problem, places)
    kept = [choice for choice in narrowed.choices if name_of.get(choice.name, choice.name) == choice.name]
    choices = tuple(joined.get(choice.name, choice) for choice in kept)
    layers = tuple(
        replace(
            layer,
            weights=name_of.get(layer.weights, layer.weights),
            activations=name_of.get(layer.activations, layer.activations),
        )
        for layer in narrowed.layers
    )
    return Problem(choices, layers, problem.overhead)


def _choice(problem: Problem, name: str) -> Choice:
    if name not in problem.place:
        nearest = difflib.get_close_matches(name, problem.place, n=1)
        raise DataError(
            f"no choice {name} in the problem", f"one of {', '.join(list(problem.place)[:5])} ...", *nearest
        )
    return problem.choices[problem.place[name]]


def _sum(name: str, formats: Sequence[str], members: Sequence[Choice]) -> Choice:
    """One choice in the place of several."""
    places = [[member.place_of(format_name) for member in members] for format_name in formats]
    errors = tuple(sum(member.errors[k] for member, k in zip(members, row, strict=True)) for row in places)
    bits = tuple(sum(member.bits[k] for member, k in zip(members, row, strict=True)) for row in places)
    return Choice(name, tuple(formats), errors, bits, sum(member.weights for member in members))


def _with_candidates(problem: Problem, places: Mapping[str, Sequence[int]]) -> Problem:
    """The problem in which these choices have the candidates at these places alone, in this order."""
    kept = {choice.name: list(places.get(choice.name, range(len(choice.formats)))) for choice in problem.choices}
    choices = tuple(
        replace(
            choice,
            formats=tuple(choice.formats[k] for k in kept[choice.name]),
            errors=tuple(choice.errors[k] for k in kept[choice.name]),
            bits=tuple(choice.bits[k] for k in kept[choice.name]),
        )
        for choice in problem.choices
    )
    layers = tuple(
        replace(layer, cycles=layer.cycles[kept[layer.weights]][:, kept[layer.activations]]) for layer in problem.layers
    )
    return Problem(choices, layers, problem.overhead)
