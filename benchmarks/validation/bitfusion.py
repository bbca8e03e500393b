"""Preset `bitfusion` against BitFusion's own simulator: cycles of each layer and network, and bits to and from DRAM.

Published: hsharma35/bitfusion @04ec1c87, results/bitfusion-eyeriss-sim-sweep.csv (16x32 units, batch 16). Shapes and
widths are those of its benchmarks.py, AlexNet and ResNet-18 in the wider variants (WRPN) that the counts belong to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_hardware
from accelsim.result import LayerResult
from accelsim.units import BITS_PER_BYTE, ceil_div
from benchmarks.validation.comparison import Comparison, percent
from benchmarks.validation.single_layer import SingleLayer, read_rows, run_layer

BATCH = 16
#: Narrowest operands of a fusion unit and of this model; BitFusion stores single bits, this model pairs of them.
NARROWEST = 2
NATIVE = 8
PER_LAYER = 0.20


@dataclass(frozen=True)
class Published:
    """A layer as BitFusion's simulator takes and reports it: the first of a network is a product, after im2col."""

    network: str
    name: str
    shape: SingleLayer
    input_bits: int
    weight_bits: int
    cycles: int
    memory_wait_cycles: int
    dram_bits: int

    @property
    def compute_cycles(self) -> int:
        """Cycles without memory waits."""
        return self.cycles - self.memory_wait_cycles

    def formula(self, rows: int, cols: int) -> int:
        """`compute_cycles` by the formula of its accelerator.py, one tile: fused products all lengthen the reduction.

        A fold holds channels of one kernel position.
        """
        reach = rows * (NATIVE // self.input_bits) * (NATIVE // self.weight_bits)
        folds = self.shape.kernel**2 * ceil_div(self.shape.channels, reach) * ceil_div(self.shape.outputs, cols)
        return self.shape.batch * self.shape.size**2 * folds


def published() -> list[Published]:
    """All layers."""
    return [
        Published(
            row["network"],
            row["layer"],
            _shape(row),
            max(NARROWEST, int(row["input_bits"])),
            max(NARROWEST, int(row["weight_bits"])),
            int(row["cycles"]),
            int(row["memory_wait_cycles"]),
            int(row["dram_read_bits"]) + int(row["dram_write_bits"]),
        )
        for row in read_rows("bitfusion.csv")
    ]


def _shape(row: dict[str, str]) -> SingleLayer:
    keys = ("channels", "outputs", "kernel", "stride", "size")
    channels, outputs, kernel, stride, size = (int(row[key]) for key in keys)
    if row["im2col"] == "1":
        channels, kernel, stride = channels * kernel**2, 1, 1
    return SingleLayer(channels, outputs, kernel, stride, size, batch=BATCH)


def modelled(layer: Published, hardware: Hardware) -> LayerResult:
    """The layer alone, with partial sums' 32 bits as its result, as BitFusion writes them."""
    return run_layer(layer.shape, hardware, f"w{layer.weight_bits}a{layer.input_bits}", "fp32")


def wide_machine(cols: int) -> Hardware:
    """The machine of the second table: 4096 bits a cycle, columns and buffers scaled in step."""
    preset = load_hardware("bitfusion")
    factor = cols // preset.array.cols
    sizes = {name: getattr(preset.buffers, name) * factor for name in ("weight_bytes", "input_bytes", "output_bytes")}
    buffers = [f"buffers.{name}={size}" for name, size in sizes.items()]
    memory = [f"interconnect.bytes_per_cycle={4096 // BITS_PER_BYTE}", "dram.preset=ideal"]
    return load_hardware("bitfusion", [f"array.cols={cols}", f"vector.lanes={cols}", *buffers, *memory])


def compare() -> Comparison:
    """Networks at 192 bits a cycle with causes, at 4096 by array width, and the layers beyond the aim."""
    layers, preset = published(), load_hardware("bitfusion")
    results = [modelled(layer, preset) for layer in layers]
    runs = list(zip(layers, results, strict=True))
    table, errors = _networks(runs)
    wide, wide_errors = _wide(layers)
    within = sum(abs(run.cycles / layer.cycles - 1) <= PER_LAYER for layer, run in runs)
    table += ["", f"Of {len(runs)} layers {within} are within {percent(PER_LAYER)}. By layer, 192 bits a cycle:", ""]
    head = "| network | layer | BitFusion | model | error | array | DRAM bits |"
    table += [head, "|---|---|---|---|---|---|---|"]
    table += [f"| {layer.network} | {layer.name} {_cells([(layer, run)])}" for layer, run in runs]
    return Comparison(
        "bitfusion", "BitFusion, cycles of a network", "its simulator", errors + wide_errors, table + wide
    )


def _networks(runs: list[tuple[Published, LayerResult]]) -> tuple[list[str], list[float]]:
    head = "| network | BitFusion | model | error | array | DRAM bits |"
    table, errors = [head, "|---|---|---|---|---|---|"], []
    for network in dict.fromkeys(layer.network for layer, _ in runs):
        mine = [(layer, run) for layer, run in runs if layer.network == network]
        errors.append(sum(run.cycles for _, run in mine) / sum(layer.cycles for layer, _ in mine) - 1)
        table.append(f"| {network} {_cells(mine)}")
    return table, errors


def _cells(runs: Iterable[tuple[Published, LayerResult]]) -> str:
    """Cycles, error, and two factors between the models: cycles of the array, bits to and from DRAM."""
    runs = list(runs)
    theirs, mine = sum(layer.cycles for layer, _ in runs), sum(run.cycles for _, run in runs)
    published_array = sum(layer.compute_cycles for layer, _ in runs)
    array = sum(run.compute_cycles for _, run in runs)
    bits = sum(run.dram_read_bytes + run.dram_write_bytes for _, run in runs) * BITS_PER_BYTE
    ratios = (array / published_array, bits / sum(layer.dram_bits for layer, _ in runs))
    return f"| {theirs:,} | {mine:,} | {mine / theirs - 1:+.0%} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |"


def _wide(layers: list[Published]) -> tuple[list[str], list[float]]:
    table = ["", "With 4096 bits a cycle to memory, by columns of the array:", ""]
    table += ["| network | columns | BitFusion | model | error |", "|---|---|---|---|---|"]
    errors = []
    for row in read_rows("bitfusion_wide.csv"):
        machine, cycles = wide_machine(int(row["array_cols"])), int(row["cycles"])
        mine = sum(modelled(layer, machine).cycles for layer in layers if layer.network == row["network"])
        errors.append(mine / cycles - 1)
        table.append(f"| {row['network']} | {row['array_cols']} | {cycles:,} | {mine:,} | {errors[-1]:+.0%} |")
    return table, errors
