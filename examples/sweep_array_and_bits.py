"""Which array, at which bits: ResNet-50 on arrays from 8x8 to 128x128, with uniform and with searched bits.

Prints the speed-up over FP32 on the same array, and draws docs/figures/sweep_array_and_bits.png.
"""

from pathlib import Path

from accelsim import explore
from accelsim.explore.sweeps.figures import SweepFigures

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs" / "figures" / "sweep_array_and_bits.png"
SPACE = {
    "workloads": ["workloads/resnet50.yaml"],
    "hardware": "zcu102",
    "vary": {"array.rows": {"first": 8, "last": 128, "factor": 2}, "array.cols": "= rows"},
    "bits": ["w8a8", "w8a4", "w4a4", "w4a2", "w2a2", {"codesign": {"speedup": 4}}],
}


def main() -> None:
    """Sweep, print and draw."""
    space = explore.design_space(SPACE, ROOT)
    table = explore.sweep(space)
    for design in table.designs:
        print(f"{design.parameters['array.rows']:4} {design.bits:12} {design.speedup:6.2f}x  error {design.error:.3g}")
    for row in table.rows:
        if row.failed:
            print(f"{row.parameters['array.rows']:4} {row.bits:12} {row.message}")
    figures = SweepFigures(table, space)
    figures.save(figures.heat_map, FIGURE)


if __name__ == "__main__":
    main()
