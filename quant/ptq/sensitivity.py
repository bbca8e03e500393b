"""How sensitive a network is to the rounding of each of its tensors: see `docs/sensitivity.md`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, fx, nn

from quant.content_cache import ContentCache, content_key
from quant.errors import DataError
from quant.formats import get_format
from quant.ptq.calibration import Progress
from quant.ptq.calibration_run import CalibrationRun
from quant.ptq.choice_rounding import ChoiceRounding, Roundings
from quant.ptq.choices import NetworkChoice, network_choices
from quant.ptq.curvature import fisher_errors, hessian_products, random_signs
from quant.ptq.graph import trace
from quant.ptq.layer_rounding import PtqSettings
from quant.ptq.one_rounding import OneRounding
from quant.ptq.walk import Walk
from quant.scaling import checked_numbers
from quant.sensitivity import MEASURES, Measure, Measured, MeasuredChoice, Sensitivity, check_measures

_VERSION = "1"  # of what is measured: another one makes all that is cached stale
_LOCAL: set[Measure] = {"noise", "layer"}
_OF_LABELS: set[Measure] = {"loss", "accuracy"}
_OF_CLASSES: set[Measure] = {"kl", "fisher", "hessian", *_OF_LABELS}

PROBES = 32
"""Draws of the Hessian's trace."""


def measure_sensitivity(
    model: nn.Module,
    formats: Sequence[str],
    calibration: Tensor | npt.NDArray[Any],
    *,
    labels: Tensor | npt.NDArray[Any] | None = None,
    measures: Sequence[Measure] | None = None,
    settings: PtqSettings | None = None,
    probes: int = PROBES,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Round each layer's weights, and each tensor that array layers read, to each format, everything else in float.

    `calibration` is inputs, shape (rows, *input); `labels` their classes, shape (rows,). `measures` are by default all
    that the data allow but `hessian`. `settings` say how the network is going to be quantised. With `cache`, a folder,
    what was measured before of the same network, data and settings is taken from there, and what is measured is kept
    there at once.

    Raises DataError for a model that cannot be traced, data or measures that do not fit it or each other, NaN, and
    formats that tensors cannot have; FormatError for unknown formats; OSError for a cache that cannot be written.
    """
    settings = settings or PtqSettings()
    names = [get_format(name).name for name in formats]
    if not names or len(set(names)) < len(names):
        raise DataError(f"formats {', '.join(names) or 'none'}", "one or more, each once")
    for name, parameter in model.named_parameters():
        checked_numbers(parameter.detach().float().cpu().numpy(), name)
    network = trace(model)
    data = CalibrationRun.of(network, calibration, labels)
    wanted = _wanted(measures, data)
    work = _Work(network, data, settings, ContentCache(cache), names, progress or (lambda what, done, of: None))
    work.round_one_by_one(wanted - {"fisher", "hessian"})
    if "fisher" in wanted:
        work.measure_fisher()
    traces = work.hessian_traces(probes) if "hessian" in wanted else {}
    choices = tuple(work.result(choice, wanted, traces.get(choice.name)) for choice in work.choices)
    return Sensitivity(len(data.inputs), settings.seed, choices)


def _wanted(measures: Sequence[Measure] | None, data: CalibrationRun) -> set[Measure]:
    """The measures that are taken: those asked for and what they need, or all that the data allow but `hessian`."""
    impossible = (set() if data.are_logits else _OF_CLASSES) | (set() if data.labels is not None else _OF_LABELS)
    possible = [name for name in MEASURES if name not in impossible]
    if measures is None:
        return set(possible) - {"hessian"}
    check_measures(measures)
    for name in measures:
        if name in impossible:
            needs = "labels" if data.are_logits else "a network whose result is a row of logits for each input"
            raise DataError(f"measure {name} needs {needs}", ", ".join(possible))
    return {*measures, "noise"} if "hessian" in measures else set(measures)


class _Work:
    """What is known of each choice in each format, and how what is missing is measured."""

    def __init__(
        self,
        network: fx.GraphModule,
        data: CalibrationRun,
        settings: PtqSettings,
        cache: ContentCache,
        formats: Sequence[str],
        progress: Progress,
    ) -> None:
        self._network, self._data, self._settings = network, data, settings
        self._cache, self._progress = cache, progress
        self._content = _content(network, data, settings)
        self.choices = network_choices(network)
        self._roundings = Roundings(network, self.choices, data.batches, settings, progress)
        self._known = {
            (choice, name): cache.read(self._key(choice, name)) for choice in self.choices for name in formats
        }

    def round_one_by_one(self, wanted: set[Measure]) -> None:
        """Measure what is known by rounding one choice and running the network on."""
        missing = self._missing(wanted)
        if not missing:
            return
        rounder = OneRounding(self._network, self._data, self._settings)
        done, count = 0, sum(map(len, missing.values()))
        with torch.no_grad():
            walks = [Walk(self._network, batch) for batch in self._data.batches]
            for node in self._network.graph.nodes:
                for choice in [choice for choice in missing if choice.first is node]:
                    roundings = [self._roundings.of(choice, format_name) for format_name in missing[choice]]
                    errors = rounder.errors(walks, roundings, to_the_output=bool(wanted - _LOCAL))
                    for rounding, found in zip(roundings, errors, strict=True):
                        self._keep(rounding, found)
                        done += 1
                        self._progress("rounding one by one", done, count)
                for walk in walks:
                    walk.step(node)

    def measure_fisher(self) -> None:
        """Measure the Fisher proxy, all that is missing in one run."""
        missing = self._missing({"fisher"})
        roundings = [self._roundings.of(choice, name) for choice, formats in missing.items() for name in formats]
        if not roundings:
            return
        inputs, seed = self._data.inputs, self._settings.seed
        generator = torch.Generator().manual_seed(seed)
        step = partial(self._progress_of, "Fisher matrix", len(inputs))
        errors = fisher_errors(self._network, inputs, roundings, generator, step)
        for rounding, error in zip(roundings, errors, strict=True):
            self._keep(rounding, {"fisher": error})

    def hessian_traces(self, probes: int) -> dict[str, float]:
        """The trace for each choice of weights: a mean over the probes, each of which is cached by itself."""
        layers = {choice.name: choice.weights for choice in self.choices if choice.weights is not None}
        draws = []
        for probe in range(probes):
            key = content_key(self._content, "hessian", str(probe))
            found = self._cache.read(key)
            if found.keys() != layers.keys():
                generator = torch.Generator().manual_seed((self._settings.seed << 32) + probe)
                signs = [random_signs(layer.weight, generator) for layer in layers.values()]
                found = hessian_products(self._network, self._data.batches, layers, signs)
                self._cache.write(key, found)
            draws.append(found)
            self._progress("Hessian", probe + 1, probes)
        return {name: fmean(draw[name] for draw in draws) for name in layers}

    def result(self, choice: NetworkChoice, wanted: set[Measure], hessian_trace: float | None) -> MeasuredChoice:
        """What is wanted of a choice, which is known by now."""
        formats = {}
        for (of, format_name), known in self._known.items():
            if of is choice:
                taken = {measure: value for measure, value in known.items() if measure in wanted}
                if hessian_trace is not None and choice.weights is not None:
                    mean_square = choice.weights.weight.double().square().mean().item()
                    taken["hessian"] = 0.5 * hessian_trace * known["noise"] * mean_square
                formats[format_name] = Measured(**taken)
        return MeasuredChoice(choice.name, choice.weights_of, choice.input_of, formats, hessian_trace)

    def _missing(self, wanted: set[Measure]) -> dict[NetworkChoice, list[str]]:
        """By choice the formats in which a measure is not known."""
        missing = defaultdict(list)
        for (choice, format_name), known in self._known.items():
            if not wanted <= known.keys():
                missing[choice].append(format_name)
        return missing

    def _keep(self, rounding: ChoiceRounding, found: Mapping[str, float]) -> None:
        known = self._known[rounding.choice, rounding.format_name]
        known.update(found)
        self._cache.write(self._key(rounding.choice, rounding.format_name), known)

    def _key(self, choice: NetworkChoice, format_name: str) -> str:
        return content_key(self._content, choice.name, format_name)

    def _progress_of(self, what: str, count: int, done: int) -> None:
        self._progress(what, done, count)


def _content(network: fx.GraphModule, data: CalibrationRun, settings: PtqSettings) -> str:
    """The key of all that every number depends on."""
    parts: list[str | bytes] = [_VERSION, str(network), repr(settings)]
    named = [*network.named_parameters(), *network.named_buffers(), ("inputs", data.inputs)]
    named += [("labels", data.labels)] if data.labels is not None else []
    for name, tensor in named:
        parts += [f"{name} {tensor.dtype} {tuple(tensor.shape)}", tensor.detach().contiguous().numpy().tobytes()]
    return content_key(*parts)
