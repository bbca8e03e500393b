"""A network on a machine as an allocation problem: what there is to choose, what it costs, how it errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from accelsim.errors import InputError, nearest_name
from accelsim.explore.cost_table import CostTable
from accelsim.workload.allocation import DEFAULT_FAMILY
from accelsim.workload.formats import parse_bits
from accelsim.workload.layers import Layer, Workload
from accelsim.workload.precision import signed_tensors
from quant.allocation.noise import noise, synthetic_tensor
from quant.allocation.problem import Choice, Problem
from quant.allocation.problem import Layer as ProblemLayer
from quant.errors import QuantError
from quant.granularity import Granularity
from quant.models import layer_tensors, load_tensors

Widths = tuple[int, int]
"""Bits of weights and of activations."""


def parse_pins(workload: Workload, pins: Sequence[str]) -> dict[str, Widths]:
    """The widths of pinned layers: the workload's own pins, and those of `LAYER=dybit8` or `LAYER=w8a4`.

    InputError for another form, a layer that does not run on the array, and other formats than DyBit.
    """
    names = [layer.name for layer in workload.layers if layer.on_array]
    found = {layer: parse_bits(bits) for layer, bits in workload.pins.items()}
    for pin in pins:
        layer, _, wanted = pin.partition("=")
        if layer not in names:
            raise InputError(f"--pin {pin}", f"no layer {layer!r}", "LAYER=FORMAT", nearest_name(layer, names))
        bits = wanted.removeprefix(DEFAULT_FAMILY)
        label = f"w{bits}a{bits}" if wanted.startswith(DEFAULT_FAMILY) else wanted
        try:
            found[layer] = parse_bits(label)
        except ValueError:
            raise InputError(f"--pin {pin}", f"found {wanted!r}", "dybit2 to dybit8, or widths such as w8a4") from None
    return found


def layer_weights(workload: Workload, model: str) -> dict[str, NDArray[Any]]:
    """The weights of each layer that has some, from what `quant encode` takes. InputError if one is missing."""
    try:
        tensors = load_tensors(model)
    except QuantError as error:
        raise InputError(error.where or "--weights", error.found, error.allowed, error.nearest) from None
    named = layer_tensors(tensors)
    found = {}
    for layer in workload.layers:
        if layer.weight_elements:
            if layer.name not in named:
                nearest = nearest_name(layer.name, named)
                raise InputError(model, f"no weights for {layer.place}", "weights of every layer", nearest)
            found[layer.name] = tensors[named[layer.name]]
    return found


def allocation_problem(
    workload: Workload,
    table: CostTable,
    widths: Sequence[int],
    pins: Mapping[str, Widths],
    weights: Mapping[str, NDArray[Any]] | None = None,
    seed: int = 0,
) -> Problem:
    """Choices are the weights of each layer and each tensor that an array layer reads; errors are noise-to-signal.

    `table` has cycles at `widths` and at those of the pins. Noise is that of `weights` by layer name, or of a seeded
    Student-t stand-in where there are none; for activations it is always a stand-in, unsigned where the tensor is. The
    overhead of a run counts with the last layer. InputError for a tensor that two pins want in different formats.
    """
    layers = [layer for layer in workload.layers if layer.on_array]
    fixed = _fixed_widths(layers, pins)
    free = tuple(sorted(widths, reverse=True))
    signed = signed_tensors(workload)
    choices: dict[str, Choice] = {}
    problem_layers = []
    for index, layer in enumerate(layers):
        names = _reads(layer)
        for name in names:
            if name not in choices:
                candidates = [f"{DEFAULT_FAMILY}{bits}" for bits in fixed.get(name, free)]
                choices[name] = _choice(name, layer, candidates, weights, signed, seed)
        rows, columns = (fixed.get(name, free) for name in names)
        cycles = table.cycles[index] + (table.overhead_cycles if index == len(layers) - 1 else 0)
        places = [table.weight_widths.index(bits) for bits in rows], [table.activation_widths.index(b) for b in columns]
        problem_layers.append(ProblemLayer(layer.name, *names, cycles[places[0]][:, places[1]]))
    return Problem(tuple(choices.values()), tuple(problem_layers))


def _reads(layer: Layer) -> tuple[str, str]:
    """The names of the choices that a layer reads: weights, or the tensor that stays in the array, and its input."""
    stationary = f"weights of {layer.name}" if layer.weight_elements else f"tensor {layer.inputs[1]}"
    return stationary, f"tensor {layer.inputs[0]}"


def _fixed_widths(layers: Sequence[Layer], pins: Mapping[str, Widths]) -> dict[str, tuple[int]]:
    fixed: dict[str, tuple[int]] = {}
    for layer in layers:
        for name, bits in zip(_reads(layer), pins.get(layer.name, ()), strict=False):
            if fixed.setdefault(name, (bits,)) != (bits,):
                found = f"{name} is pinned to {fixed[name][0]} bits by another layer that reads it, here to {bits}"
                raise InputError(layer.place, found, "one format for a tensor, whoever reads it")
    return fixed


def _choice(
    name: str,
    layer: Layer,
    candidates: Sequence[str],
    weights: Mapping[str, NDArray[Any]] | None,
    signed: Mapping[str, bool],
    seed: int,
) -> Choice:
    tensor = name.removeprefix("tensor ")
    if tensor != name:
        return Choice.of(name, candidates, _stand_in_noise(name, tuple(candidates), signed[tensor], seed))
    if weights is None:
        found = _stand_in_noise(name, tuple(candidates), True, seed)
    else:
        found = noise({name: weights[layer.name]}, candidates, seed=seed)[name]
    return Choice.of(name, candidates, found, weights=layer.weight_elements)


@lru_cache(maxsize=2048)
def _stand_in_noise(name: str, candidates: tuple[str, ...], signed: bool, seed: int) -> tuple[float, ...]:
    """The noise of a seeded stand-in, the same for every machine: measured once for the designs of a sweep."""
    granularity = Granularity() if name.startswith("tensor ") else None
    return noise(
        {name: synthetic_tensor(name, signed=signed, seed=seed)}, candidates, granularity, signed=signed, seed=seed
    )[name]
