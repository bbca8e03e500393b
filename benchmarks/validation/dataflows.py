"""Weight- against output-stationary on ResNet-18 with and without DRAM, as SCALE-Sim v3's abstract compares them.

Its abstract: on six ResNet-18 layers weight-stationary needs 21 % fewer compute cycles, and with DRAM stalls
output-stationary is 30 % faster. It names neither the layers nor the array.
"""

from __future__ import annotations

from accelsim.config.hardware import Dataflow, Hardware
from accelsim.config.presets import load_hardware
from accelsim.result import LayerResult
from benchmarks.validation.comparison import Comparison
from benchmarks.validation.single_layer import SingleLayer, run_layer

#: The 12 different layers of ResNet-18 in order.
LAYERS = (
    SingleLayer(3, 64, 7, 2, 112),
    SingleLayer(64, 64, 3, 1, 56),
    SingleLayer(64, 128, 3, 2, 28),
    SingleLayer(64, 128, 1, 2, 28),
    SingleLayer(128, 128, 3, 1, 28),
    SingleLayer(128, 256, 3, 2, 14),
    SingleLayer(128, 256, 1, 2, 14),
    SingleLayer(256, 256, 3, 1, 14),
    SingleLayer(256, 512, 3, 2, 7),
    SingleLayer(256, 512, 1, 2, 7),
    SingleLayer(512, 512, 3, 1, 7),
    SingleLayer(512, 1000),
)
#: Edge of the array and KiB of input, weight and output memory: scale.cfg of v2, tpuv5e_downscale.cfg of v3.
MACHINES = ((32, 64, 64, 64), (128, 4096, 4096, 8192))
#: What the abstract says of output-stationary's time over weight-stationary's: on the array alone, and with stalls.
CLAIMED = {"ideal": 1 / (1 - 0.21), "ddr4-2400": 1 / 1.30}


def machine(dataflow: Dataflow, edge: int, kib: tuple[int, int, int], memory: str) -> Hardware:
    """The preset `scalesim` with an array, double-buffered memories of a configuration, and a DRAM behind them."""
    names = ("input_bytes", "weight_bytes", "output_bytes")
    buffers = [f"buffers.{name}={size * 1024}" for name, size in zip(names, kib, strict=True)]
    array = [f"array.rows={edge}", f"array.cols={edge}", f"array.dataflow={dataflow}"]
    rest = ["buffers.ping_pong=true", "dma.max_burst_bytes=8192", f"dram.preset={memory}"]
    return load_hardware("scalesim", [*array, *buffers, *rest])


def run(layer: SingleLayer, hardware: Hardware) -> LayerResult:
    """The layer at 8 bits, its result too."""
    return run_layer(layer, hardware, "int8", "int8")


def compare() -> Comparison:
    """Output- over weight-stationary on the first and the last six layers, by machine and memory."""
    table = [
        "| array | KiB (input, weight, output) | memory | layers | os / ws | claimed |",
        "|---|---|---|---|---|---|",
    ]
    errors = []
    for edge, *kib in MACHINES:
        for memory, claimed in CLAIMED.items():
            for name, some in (("first six", LAYERS[:6]), ("last six", LAYERS[6:])):
                machines = [machine(dataflow, edge, (kib[0], kib[1], kib[2]), memory) for dataflow in ("os", "ws")]
                output, weight = (sum(run(layer, one).cycles for layer in some) for one in machines)
                errors.append(output / weight / claimed - 1)
                sizes = ", ".join(map(str, kib))
                table.append(
                    f"| {edge} x {edge} | {sizes} | {memory} | {name} | {output / weight:.2f} | {claimed:.2f} |"
                )
    return Comparison("dataflows", "Output- over weight-stationary", "SCALE-Sim v3's abstract", errors, table)
