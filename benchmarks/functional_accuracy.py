"""A trained network on the simulator against torch, image by image: `python -m benchmarks.functional_accuracy`."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.functional_network import quantised, simulated, trained
from quant.allocation.file import LayerFormats

IMAGES, SEED = 1000, 0
FORMATS = (
    LayerFormats("int8", "int8"),
    LayerFormats("dybit8", "dybit8"),
    LayerFormats("dybit4", "dybit8"),
    LayerFormats("dybit4", "dybit4"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.functional_accuracy", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/accuracy"), help="where the trained network is kept")
    parser.add_argument("--cache", type=Path, default=Path("reports/accuracy/data"), help="fetched data")
    options = parser.parse_args()
    network, data = trained(options.out, options.cache)
    chosen = torch.randperm(len(data.test_images), generator=torch.Generator().manual_seed(SEED))[:IMAGES]
    images, labels = data.test_images[chosen], data.test_labels[chosen]
    print("| weights | activations | simulator % | torch % | other class | logits' difference | s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for formats in FORMATS:
            path = Path(folder) / "network.safetensors"
            with torch.inference_mode(False):
                rounded = quantised(network, data, formats, path, LayerFormats("int8", "int8"))
            expected = torch.cat([rounded(batch) for batch in images.split(250)])
            started = time.perf_counter()
            found = simulated(path, images)
            seconds = time.perf_counter() - started
            assert found.values.equals_reference
            correct = [100 * (logits.argmax(1) == labels).float().mean() for logits in (found.logits, expected)]
            other = int((found.logits.argmax(1) != expected.argmax(1)).sum())
            difference = (found.logits - expected).norm() / expected.norm()
            cells = (f"{correct[0]:.1f}", f"{correct[1]:.1f}", other, f"{difference:.1e}", f"{seconds:.1f}")
            print(f"| {formats.weights} | {formats.activations} | " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
