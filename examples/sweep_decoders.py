"""How many DyBit decoders an array needs: ResNet-50 on a 32x32 array with 2 to 32 decoder lanes at each edge.

Prints latency and speed-up over FP32 on the same machine, and draws docs/figures/sweep_decoders.png.
"""

from pathlib import Path

from accelsim import explore
from accelsim.explore.sweeps.figures import SweepFigures

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs" / "figures" / "sweep_decoders.png"
SPACE = {
    "workloads": ["workloads/resnet50.yaml"],
    "hardware": "zcu102",
    "vary": {"decoder.lanes": {"first": 2, "last": 32, "factor": 2}},
    "bits": ["w8a8", "w8a4", "w4a4", "w2a2"],
}


def main() -> None:
    """Sweep, print and draw."""
    space = explore.design_space(SPACE, ROOT)
    table = explore.sweep(space)
    for design in table.designs:
        lanes, milliseconds = design.parameters["decoder.lanes"], design.seconds * 1e3
        print(f"{lanes:2} lanes {design.bits:5} {milliseconds:7.3f} ms {design.speedup:6.2f}x")
    figures = SweepFigures(table, space)
    figures.save(lambda: figures.sensitivity("decoder.lanes", "decoder lanes at each edge of the array"), FIGURE)


if __name__ == "__main__":
    main()
