"""Preset `nvdla` against the performance sheet of its designers: cycles of each layer of ResNet-50, batch 1.

Published: nvdla/hw branch nvdlav1, perf/NVDLA_OpenSource_Performance.xlsx, columns without the second memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from accelsim.config.presets import load_hardware
from accelsim.result import LayerResult
from accelsim.simulation import run_network
from accelsim.workload.formats import tensor_format
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import uniform_precision
from benchmarks.validation.comparison import Comparison, percent
from benchmarks.validation.single_layer import read_rows

NETWORK = Path(__file__).parent / "workloads" / "resnet50_caffe.yaml"
#: The sheet's DRAM: it counts KiB and takes 10 of them a microsecond.
BYTES_PER_CYCLE = 10.24
#: Winograd's 2x2 outputs of 3x3 kernels take 16 multiplications for 36, and weights of 4x4 for 3x3.
WINOGRAD_SPEEDUP, WINOGRAD_WEIGHTS = 36 / 16, 16 / 9
PER_LAYER = 0.20


@dataclass(frozen=True)
class SheetLayer:
    """A row of the sheet; sizes in elements of one byte."""

    name: str
    channels: int
    size_in: int
    outputs: int
    kernel: int
    stride: int
    macs: int
    mac_cycles: int
    cycles: int
    bound: str

    @property
    def is_winograd(self) -> bool:
        """Whether the sheet takes the layer's multiplications by Winograd."""
        return self.kernel == 3 and self.stride == 1

    @property
    def weight_bytes(self) -> int:
        """Of the layer as it is."""
        return self.channels * self.kernel**2 * self.outputs

    @property
    def sheet_weight_bytes(self) -> float:
        """As the sheet reads them: transformed for Winograd, four times at stride 2 (space to depth)."""
        return self.weight_bytes * (WINOGRAD_WEIGHTS if self.is_winograd else self.stride**2)

    @property
    def plain_cycles(self) -> float:
        """The sheet's cycles without these: plain multiplications, weights as they are, other bytes as it has.

        Layers that the sheet finds bound by the MACs stay so.
        """
        mac_cycles = self.mac_cycles * (WINOGRAD_SPEEDUP if self.is_winograd else 1)
        if self.bound != "DRAM":
            return mac_cycles
        saved = (self.sheet_weight_bytes - self.weight_bytes) / BYTES_PER_CYCLE
        return max(mac_cycles, self.cycles - saved)


def sheet() -> list[SheetLayer]:
    """All rows."""
    return [
        SheetLayer(
            row["layer"],
            *(int(row[key]) for key in ("channels", "size_in", "outputs", "kernel", "stride")),
            *(int(row[key]) for key in ("macs", "mac_cycles", "cycles")),
            row["bound"],
        )
        for row in read_rows("nvdla_resnet50.csv")
    ]


def modelled() -> dict[str, LayerResult]:
    """ResNet-50 in 8-bit integers, the result too, by layer."""
    workload = load_workload(NETWORK)
    precision = uniform_precision(workload, "int8")
    result = workload.layers[-1].name
    in_bytes = tensor_format("int8", signed=True, where=result)
    precision = replace(precision, tensors={**precision.tensors, result: in_bytes})
    return {layer.name: layer for layer in run_network(workload, load_hardware("nvdla"), precision).layers}


def compare() -> Comparison:
    """By layer, against the sheet and against the sheet without Winograd and without its larger weights."""
    table = [
        "| layer | bound, sheet | sheet | model | error | sheet, plain | error | MAC cycles, sheet | model |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    runs, errors, plain_errors = modelled(), [], []
    total = [0.0, 0.0, 0.0]
    for layer in sheet():
        run = runs[layer.name]
        total = [a + b for a, b in zip(total, (layer.cycles, run.cycles, layer.plain_cycles), strict=True)]
        errors.append(run.cycles / layer.cycles - 1)
        plain_errors.append(run.cycles / layer.plain_cycles - 1)
        table.append(
            f"| {layer.name} | {layer.bound} | {layer.cycles:,} | {run.cycles:,} | {errors[-1]:+.0%} "
            f"| {layer.plain_cycles:,.0f} | {plain_errors[-1]:+.0%} | {layer.mac_cycles:,} | {run.compute_cycles:,} |"
        )
    theirs, mine, plain = total
    shares = f"{mine:,.0f} | {mine / theirs - 1:+.0%} | {plain:,.0f} | {mine / plain - 1:+.0%}"
    table.append(f"| total | | {theirs:,.0f} | {shares} | | |")
    near, near_plain = (sum(abs(error) <= PER_LAYER for error in some) for some in (errors, plain_errors))
    table += ["", f"Within {percent(PER_LAYER)}: {near} of {len(errors)} layers, {near_plain} against the plain sheet."]
    return Comparison("nvdla", "NVDLA, cycles of a ResNet-50 layer", "the designers' sheet", errors, table)
