"""How well each measure of sensitivity predicts what quantisation does: `python -m benchmarks.sensitivity`.

The network is the ResNet-8 of `benchmarks.accuracy` on Fashion-MNIST. Sensitivity is measured on 512 training rows;
what it is to predict, the rise of the loss and the drop of accuracy, on every second test row, 5,000. A run that was
stopped goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
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
from quant.ptq.quantise import PtqSettings, quantise
from quant.ptq.sensitivity import measure_sensitivity
from quant.sensitivity import MEASURES, Measure, Sensitivity

TASK, ROWS, MIXES = "Fashion-MNIST", 512, 50
SINGLE_FORMATS = ("dybit4", "dybit2")
ROUNDINGS = {"nearest": PtqSettings(rounding="nearest", correct_bias=False), "GPTAQ": PtqSettings()}
MIXED = (  # how weights are rounded, widths, and the candidates
    ("nearest", "8, 4, 2", ("dybit8", "dybit4", "dybit2")),
    ("nearest", "8, 4, 3", ("dybit8", "dybit4", "dybit3")),
    ("GPTAQ", "8, 4, 2", ("dybit8", "dybit4", "dybit2")),
)

Formats = Mapping[str, str]
"""The format of each choice, by name; fp32 for those that are not there."""


@dataclass(frozen=True)
class Case:
    """A network to be predicted: what it is one of, how it is rounded, and the format of each choice."""

    group: str
    rounding: str
    formats: Formats


def cases(sensitivity: Sensitivity) -> list[Case]:
    """Every single choice in every format; and random mixes."""
    names = [choice.name for choice in sensitivity.choices]
    singles = [Case(f"one, {kind}", "nearest", {name: kind}) for kind in SINGLE_FORMATS for name in names]
    mixes = []
    for rounding, widths, candidates in MIXED:
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


def table(sensitivity: Sensitivity, results: Sequence[tuple[Case, Mapping[str, float]]]) -> str:
    """Markdown: Spearman's rank correlation of the sum of errors by each measure with what was measured."""
    groups = list(dict.fromkeys(case.group for case, _ in results))
    lines = [["measure", *groups], ["---"] * (1 + len(groups))]
    lines += [
        [f"`{measure}`", *(_correlations(sensitivity, measure, group, results) for group in groups)]
        for measure in MEASURES
        if measure != "hessian"
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _correlations(
    sensitivity: Sensitivity, measure: Measure, group: str, results: Sequence[tuple[Case, Mapping[str, float]]]
) -> str:
    choices = {choice.name: choice for choice in sensitivity.choices}
    of_group = [(case, found) for case, found in results if case.group == group]
    errors = [sum(choices[n].error(kind, measure) for n, kind in case.formats.items()) for case, _ in of_group]
    by: list[tuple[str, Callable[[Mapping[str, float]], float]]]
    by = [("loss", lambda found: found["loss"]), ("accuracy", lambda found: -found["accuracy"])]
    return " / ".join(f"{spearmanr(errors, [of(found) for _, found in of_group]).statistic:.2f}" for _, of in by)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sensitivity", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/accuracy"), help="networks and results")
    parser.add_argument("--cache", type=Path, default=Path("reports/accuracy/data"), help="fetched data")
    options = parser.parse_args()
    cells.train_network(TASK, 0, options.out, options.cache)
    data = cells.DATASETS[TASK](options.cache)
    network = cells.trained_network(TASK, 0, options.out)
    drawn = torch.randperm(len(data.train_images), generator=torch.Generator().manual_seed(0))[:ROWS]
    rows, labels = data.train_images[drawn], data.train_labels[drawn]
    sensitivity = measure_sensitivity(
        network,
        list(dict.fromkeys([*SINGLE_FORMATS, *(name for *_, candidates in MIXED for name in candidates)])),
        rows,
        labels=labels,
        measures=list(MEASURES),
        cache=options.out / "sensitivity",
        progress=lambda what, done, of: print(f"\r{what} {done}/{of}", end="", flush=True),
    )
    store = ContentCache(options.out / "sensitivity")
    results = []
    everything = cases(sensitivity)
    for index, case in enumerate(everything):
        key = content_key("benchmark", repr(case))
        found = store.read(key) or measured(case, sensitivity, network, data, rows)
        store.write(key, found)
        results.append((case, found))
        print(f"\rnetworks {index + 1}/{len(everything)}", end="", flush=True)
    print("\n" + table(sensitivity, results))


if __name__ == "__main__":
    main()
