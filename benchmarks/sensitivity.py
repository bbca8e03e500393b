"""How well each measure of sensitivity predicts what quantisation does: `python -m benchmarks.sensitivity`.

The network is the ResNet-8 of `benchmarks.accuracy` on Fashion-MNIST. Sensitivity is measured on 512 training rows;
what it is to predict, the rise of the loss and the drop of accuracy, on every second test row, 5,000. A run that was
stopped goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from benchmarks.accuracy import cells
from benchmarks.accuracy.datasets import Dataset
from quant.allocation.file import LayerFormats
from quant.content_cache import ContentCache, content_key
from quant.errors import DataError
from quant.ptq.layer_rounding import PtqSettings
from quant.ptq.quantise import quantise
from quant.ptq.sensitivity import measure_sensitivity
from quant.sensitivity import MEASURES, Measure, Sensitivity

TASK, ROWS, MIXES = "Fashion-MNIST", 512, 50
SINGLE_FORMATS = ("dybit4", "dybit2")
ROUNDINGS = {"nearest": PtqSettings(rounding="nearest", correct_bias=False), "GPTAQ": PtqSettings()}
MIXED_FORMATS = {"8, 4, 2": ("dybit8", "dybit4", "dybit2"), "8, 4, 3": ("dybit8", "dybit4", "dybit3")}

Formats = Mapping[str, str]
"""The format of each choice, by name; fp32 for those that are not there."""


@dataclass(frozen=True)
class Case:
    """A network to be predicted: what it is one of, how it is rounded, and the format of each choice."""

    group: str
    rounding: str
    formats: Formats


Results = Sequence[tuple[Case, Mapping[str, float]]]
"""Networks, and what was measured of each."""


def cases(sensitivity: Sensitivity) -> list[Case]:
    """Every single choice in every format; and random mixes."""
    names = [choice.name for choice in sensitivity.choices]
    singles = [Case(f"one, {kind}", "nearest", {name: kind}) for kind in SINGLE_FORMATS for name in names]
    mixes = []
    for rounding in ROUNDINGS:
        for widths, candidates in MIXED_FORMATS.items():
            rng = np.random.default_rng(0)
            for _ in range(MIXES):
                formats = dict(zip(names, rng.choice(candidates, len(names)).tolist(), strict=True))
                mixes.append(Case(f"mixes of {widths}, {rounding}", rounding, formats))
    return singles + mixes


def measured(case: Case, sensitivity: Sensitivity, network: nn.Module, data: Dataset, rows: Tensor) -> dict[str, float]:
    """Test loss, nats, and test accuracy, %, of the quantised network."""
    by_layer: dict[str, dict[str, str]] = {}
    for choice in sensitivity.choices:
        kind = case.formats.get(choice.name, "fp32")
        for role, layers in (("weights", choice.weights_of), ("activations", choice.input_of)):
            for layer in layers:
                by_layer.setdefault(layer, {})[role] = kind
    allocation = {layer: LayerFormats(**formats) for layer, formats in by_layer.items()}
    return tested(quantise(network, allocation, rows.split(128), ROUNDINGS[case.rounding]), data)


def tested(network: nn.Module, data: Dataset) -> dict[str, float]:
    """Loss, nats, and accuracy, %, on the test rows."""
    images, labels = data.test_images[::2], data.test_labels[::2]
    with torch.inference_mode():
        logits = torch.cat([network(batch) for batch in images.split(500)])
    right = (logits.argmax(1) == labels).double().mean().item()
    return {"loss": nn.functional.cross_entropy(logits, labels).item(), "accuracy": 100 * right}


def table(sensitivities: Mapping[str, Sensitivity], results: Results) -> str:
    """Markdown: Spearman's rank correlation of the sum of errors by each measure with what was measured."""
    groups = list(dict.fromkeys(case.group for case, _ in results))
    lines = [["measured with", "measure", *groups], ["---"] * (2 + len(groups))]
    for rounding, sensitivity in sensitivities.items():
        for measure in MEASURES:
            of_groups = [[each for each in results if each[0].group == group] for group in groups]
            lines.append([rounding, f"`{measure}`", *(_correlations(sensitivity, measure, each) for each in of_groups)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _correlations(sensitivity: Sensitivity, measure: Measure, results: Results) -> str:
    """With the loss, and with the drop of accuracy, over the cases whose every choice has been measured."""
    choices = {choice.name: choice for choice in sensitivity.choices}
    pairs = []
    for case, found in results:
        with suppress(DataError):
            pairs.append((sum(choices[name].error(kind, measure) for name, kind in case.formats.items()), found))
    if not pairs:
        return "-"
    errors = [error for error, _ in pairs]
    by_loss = spearmanr(errors, [found["loss"] for _, found in pairs]).statistic
    by_accuracy = spearmanr(errors, [-found["accuracy"] for _, found in pairs]).statistic
    return f"{by_loss:.2f} / {by_accuracy:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sensitivity", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/accuracy"), help="networks and results")
    parser.add_argument("--cache", type=Path, default=Path("reports/accuracy/data"), help="fetched data")
    options = parser.parse_args()
    cells.train_network(TASK, 0, options.out, options.cache)
    data = cells.DATASETS[TASK](options.cache)
    network = cells.trained_network(TASK, 0, options.out)
    drawn = torch.randperm(len(data.train_images), generator=torch.Generator().manual_seed(0))[:ROWS]
    rows, folder = data.train_images[drawn], options.out / "sensitivity"
    sensitivities = {
        rounding: measure_sensitivity(
            network,
            ["dybit8", "dybit4", "dybit3", "dybit2"],
            rows,
            labels=data.train_labels[drawn],
            measures=list(MEASURES),
            settings=settings,
            cache=folder,
            progress=_show,
        )
        for rounding, settings in ROUNDINGS.items()
    }
    store, results = ContentCache(folder), []
    some = sensitivities["nearest"]
    everything = cases(some)
    for index, case in enumerate(everything):
        key = content_key("benchmark", repr(case))
        found = store.read(key) or measured(case, some, network, data, rows)
        store.write(key, found)
        results.append((case, found))
        _show("networks", index + 1, len(everything))
    print("\n" + table(sensitivities, results))


def _show(what: str, done: int, count: int) -> None:
    print(f"\r{what} {done}/{count}  ", end="", flush=True)


if __name__ == "__main__":
    main()
