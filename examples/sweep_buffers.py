"""What on-chip memory buys: ResNet-50 on a 32x32 array with three buffers of 64 KiB to 4 MiB each.

Prints traffic, latency and speed-up over FP32 on the same machine, and draws docs/figures/sweep_buffers.png.
"""

from pathlib import Path

from accelsim import explore
from accelsim.explore.sweeps.figures import SweepFigures

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs" / "figures" / "sweep_buffers.png"
SPACE = {
    "workloads": ["workloads/resnet50.yaml"],
    "hardware": "zcu102",
    "vary": {
        "buffers.weight_bytes": {"first": 2**16, "last": 2**22, "factor": 4},
        "buffers.input_bytes": "= weight_bytes",
        "buffers.output_bytes": "= weight_bytes",
    },
    "bits": ["w8a8", "w8a4", "w4a4", "w2a2"],
}


def main() -> None:
    """Sweep, print and draw."""
    space = explore.design_space(SPACE, ROOT)
    table = explore.sweep(space)
    for design in table.designs:
        kib, megabytes = design.parameters["buffers.weight_bytes"] // 1024, design.dram_bytes / 1e6
        print(f"{kib:4} KiB {design.bits:5} {megabytes:6.1f} MB {design.seconds * 1e3:7.3f} ms {design.speedup:6.2f}x")
    figures = SweepFigures(table, space)
    figures.save(lambda: figures.sensitivity("buffers.weight_bytes", "each of the three buffers [bytes]"), FIGURE)


if __name__ == "__main__":
    main()
