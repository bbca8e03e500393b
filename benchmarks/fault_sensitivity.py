"""How much a flipped bit of a weight's code costs, by its position, for DyBit, INT and FP.

`python -m benchmarks.fault_sensitivity` draws docs/figures/fault_sensitivity.png. Weights of the trained network of
`functional_network.py` in the format, activations in dybit8; that bit of each code flips with a probability of `RATE`
on its way into the array.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.functional_network import quantised, simulated, trained
from quant import get_format
from quant.allocation.file import LayerFormats

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs" / "figures" / "fault_sensitivity.png"
RATE, IMAGES, SEEDS = 1e-2, 100, (0, 1, 2)
FAMILIES = {"DyBit": ("dybit4", "dybit8"), "INT": ("int4", "int8"), "FP": ("fp4_e2m1", "fp8_e4m3")}
COLOURS = {"DyBit": "#c44e52", "INT": "#4c72b0", "FP": "#55a868"}
ACCUMULATOR_BITS = 48
"""Products of fp8_e4m3 need them; all formats get the same."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fault_sensitivity", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/accuracy"), help="where the trained network is kept")
    parser.add_argument("--cache", type=Path, default=Path("reports/accuracy/data"), help="fetched data")
    options = parser.parse_args()
    network, data = trained(options.out, options.cache)
    errors: dict[str, list[float]] = {}
    print("| weights | flipped bit | relative error of the logits | other class, % |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in (name for names in FAMILIES.values() for name in names):
            path = Path(folder) / "network.safetensors"
            quantised(network, data, LayerFormats(name, "dybit8"), path, None)
            errors[name] = [
                _measure(path, data.test_images[:IMAGES], name, bit) for bit in range(get_format(name).bits)
            ]
    _draw(errors)


def _measure(path: Path, images: torch.Tensor, name: str, bit: int) -> float:
    """The relative error of the logits with one bit of some weights' codes flipped, the mean over the seeds."""
    error = changed = 0.0
    for seed in SEEDS:
        fault = f"decoder:operand=weights,bit={bit},rate={RATE},seed={seed}"
        faults = simulated(path, images, fault, accumulator_bits=ACCUMULATOR_BITS).values.faults
        assert faults is not None
        error += (faults.relative_error or 0.0) / len(SEEDS)
        changed += faults.changed_top1 / len(SEEDS)
    print(f"| {name} | {bit} | {error:.3g} | {100 * changed / len(images):.1f} |", flush=True)
    return error


def _draw(errors: dict[str, list[float]]) -> None:
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    for axes, column, bits in zip(figure.subplots(1, 2, sharey=True), (0, 1), (4, 8), strict=True):
        for family, names in FAMILIES.items():
            axes.plot(range(bits), errors[names[column]], "o-", color=COLOURS[family], label=names[column])
        axes.set(
            title=f"{bits}-bit weights", xlabel="flipped bit of the code (0 the lowest, last the sign)", yscale="log"
        )
        axes.set_xticks(range(bits))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.axes[0].set_ylabel(f"relative error of the result\nat {RATE:.0%} of the codes")
    FigureCanvasAgg(figure).print_png(FIGURE)


if __name__ == "__main__":
    main()
