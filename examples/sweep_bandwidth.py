"""How much memory bandwidth narrow operands need: ResNet-50 on a 64x64 array, from one DRAM channel to eight.

Prints latency and speed-up over FP32 on the same machine, and draws docs/figures/sweep_bandwidth.png.
"""

from pathlib import Path

from accelsim import explore
from accelsim.explore.sweeps.figures import SweepFigures

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs" / "figures" / "sweep_bandwidth.png"
SPACE = {
    "workloads": ["workloads/resnet50.yaml"],
    "hardware": "zcu102",
    "set": {"array.rows": 64, "array.cols": 64, "interconnect.bytes_per_cycle": 512},
    "vary": {"dram.channels": [1, 2, 4, 8]},
    "bits": ["w8a8", "w8a4", "w4a4", "w2a2"],
}


def main() -> None:
    """Sweep, print and draw."""
    space = explore.design_space(SPACE, ROOT)
    table = explore.sweep(space)
    for design in table.designs:
        channels, milliseconds = design.parameters["dram.channels"], design.seconds * 1e3
        print(f"{channels} channels {design.bits:5} {milliseconds:7.3f} ms {design.speedup:6.2f}x")
    figures = SweepFigures(table, space)
    figures.save(figures.bandwidth_sensitivity, FIGURE)


if __name__ == "__main__":
    main()
