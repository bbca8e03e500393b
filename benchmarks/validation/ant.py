"""Preset `ant` against ANT's simulator: times of networks over those of AdaFloat on an array of its size.

Published: clevercool/ANT-Quantization @bc840673, ant_simulator/results/ant_res.csv, two decimals, no absolute cycles;
layers and their bits from its src/benchmarks/*_bench.py (kernels as its simulator takes them: square, of the height).
"""

from __future__ import annotations

from typing import NamedTuple

from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_hardware
from accelsim.units import ceil_div
from benchmarks.validation.comparison import Comparison
from benchmarks.validation.single_layer import SingleLayer, read_rows, run_layer

BATCH = 64
NATIVE = 8
#: Columns of AdaFloat's array (conf_adafloat.ini); the others have the preset's 32.
ADAFLOAT_COLS = 28
#: Network -> published time over AdaFloat's of ANT-OS, ANT-WS and BitFusion.
PUBLISHED = {
    "VGG16": (0.20, 0.20, 0.76),
    "ResNet18": (0.23, 0.23, 0.69),
    "ResNet50": (0.22, 0.22, 0.54),
    "InceptionV3": (0.25, 0.26, 0.56),
    "ViT": (0.35, 0.35, 0.82),
    "BERT-MNLI": (0.25, 0.25, 0.72),
    "BERT-CoLA": (0.26, 0.26, 0.86),
    "BERT-SST-2": (0.21, 0.21, 0.63),
}


class Cycles(NamedTuple):
    """Of a network: this model's run, its array alone, and the published formula."""

    run: int
    array: int
    formula: int


def machine(dataflow: str, cols: int) -> Hardware:
    """The preset with another dataflow and width."""
    return load_hardware("ant", [f"array.dataflow={dataflow}", f"array.cols={cols}"])


def formula(layer: SingleLayer, bits: int, hardware: Hardware) -> int:
    """Cycles of a layer as ANT's accelerator.py has them: full folds, no fill, no drain, no load."""
    array, fused = hardware.array, NATIVE // bits
    pixels, reduction = layer.batch * layer.size**2, layer.kernel**2 * layer.channels
    across = ceil_div(layer.outputs, array.cols * fused)
    if array.dataflow == "os":
        return ceil_div(pixels, array.rows * fused) * across * reduction
    return pixels * across * ceil_div(reduction, array.rows * fused)


def cycles(design: str, network: str, hardware: Hardware) -> Cycles:
    """Sums over a network's layers, each alone, with 16-bit results as ANT's simulator writes them."""
    sums = [0, 0, 0]
    for row in read_rows("ant_layers.csv"):
        if (row["design"], row["network"]) != (design, network):
            continue
        shape = (int(row[key]) for key in ("channels", "outputs", "kernel", "stride", "size"))
        layer, bits, layers = (
            SingleLayer(*shape, batch=BATCH * int(row["pixels"])),
            int(row["bits"]),
            int(row["layers"]),
        )
        run = run_layer(layer, hardware, f"w{bits}a{bits}", "fp16")
        found = (run.cycles, run.compute_cycles, formula(layer, bits, hardware))
        sums = [total + layers * one for total, one in zip(sums, found, strict=True)]
    return Cycles(*sums)


def compare() -> Comparison:
    """Time over AdaFloat's by network and design."""
    table = [
        "| network | design | published | its formula | model | error | array over formula | the same of AdaFloat |",
        "|---|---|---|---|---|---|---|---|",
    ]
    errors = []
    designs = (("ANT-OS", "ANT", "os"), ("ANT-WS", "ANT", "ws"), ("BitFusion", "BitFusion", "os"))
    for network, times in PUBLISHED.items():
        base = cycles("AdaFloat", network, machine("os", ADAFLOAT_COLS))
        for (name, design, dataflow), time in zip(designs, times, strict=True):
            mine = cycles(design, network, machine(dataflow, load_hardware("ant").array.cols))
            errors.append(mine.run / base.run / time - 1)
            table.append(
                f"| {network} | {name} | {time:.2f} | {mine.formula / base.formula:.3f} | {mine.run / base.run:.3f} "
                f"| {errors[-1]:+.0%} | {mine.array / mine.formula:.2f} | {base.array / base.formula:.2f} |"
            )
    return Comparison("ant", "ANT, time over AdaFloat's", "its simulator", errors, table)
