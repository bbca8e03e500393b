"""The array's cycles against SCALE-Sim 3.0.0: equal, to the cycle, in every dataflow.

`../shared/reference/scalesim_cycles.csv` holds SCALE-Sim's own counts (dense, batch 1, stall-free) for layers of
ResNet-18 and MobileNetV2 on five array sizes; `scalesim_formulas.md` beside it has the closed form. A few rows are
copied here, so that the comparison also runs without that folder.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.analytic.compute import ArrayCycles, array_cycles, array_shape
from accelsim.config.hardware import ArrayConfig, Dataflow
from accelsim.config.presets import load_hardware
from accelsim.simulation import run_network
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import uniform_precision

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "scalesim_cycles.csv"


class Row(NamedTuple):
    """One layer on one array: the columns of the file that are compared."""

    layer: str
    dataflow: Dataflow
    array_rows: int
    array_cols: int
    gemm: Gemm
    compute_cycles: int
    sram_ifmap_reads: int
    sram_filter_reads: int

    def modelled(self) -> ArrayCycles:
        """The same layer on this model's array: 8-bit only, without shadow registers."""
        array = ArrayConfig(
            rows=self.array_rows,
            cols=self.array_cols,
            dataflow=self.dataflow,
            operand_bits=(8,),
            shadow_registers=False,
        )
        return array_cycles(self.gemm, array_shape(array, 8, 8), self.dataflow, shadow_registers=False)


#: resnet18 conv1 (M 12544, K 147, N 64) and fc (1, 512, 1000), mobilenetv2 pw_112_32_16 (12544, 32, 16).
COPIED = [
    Row("conv1", "ws", 32, 32, Gemm(1, 12544, 147, 64), 126380, 3687936, 9408),
    Row("conv1", "os", 32, 32, Gemm(1, 12544, 147, 64), 163856, 3687936, 3687936),
    Row("conv1", "is", 16, 64, Gemm(1, 12544, 147, 64), 309680, 1843968, 1843968),
    Row("fc", "ws", 128, 128, Gemm(1, 1, 512, 1000), 12256, 4096, 512000),
    Row("fc", "os", 16, 64, Gemm(1, 1, 512, 1000), 9440, 8192, 512000),
    Row("pw_112_32_16", "is", 8, 8, Gemm(1, 12544, 32, 16), 238336, 401408, 802816),
]


@pytest.fixture(scope="module")
def measured() -> list[Row]:
    if not REFERENCE.exists():
        pytest.skip("the collected SCALE-Sim counts are not beside the checkout")
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                f"{row['network']} {row['layer']}",
                row["dataflow"],  # type: ignore[arg-type]
                int(row["array_rows"]),
                int(row["array_cols"]),
                Gemm(1, int(row["M"]), int(row["K"]), int(row["N"])),
                int(row["compute_cycles"]),
                int(row["sram_ifmap_reads"]),
                int(row["sram_filter_reads"]),
            )
            for row in csv.DictReader(file)
        ]


def test_every_measured_row_has_equal_cycles(measured: list[Row]) -> None:
    assert len(measured) == 480
    assert [row for row in measured if row.modelled().total != row.compute_cycles] == []


def test_every_measured_row_reads_as_many_operands(measured: list[Row]) -> None:
    """What crosses the array's edges, and so the decoders, is what SCALE-Sim counts as SRAM reads."""
    reads = [(row.modelled().input_codes, row.modelled().weight_codes) for row in measured]
    assert reads == [(row.sram_ifmap_reads, row.sram_filter_reads) for row in measured]


def simulated_cycles(gemm: Gemm, dataflow: str, rows: int, cols: int) -> int:
    """`compute_cycles` of a run on the `scalesim` preset: the layer as a 1x1 convolution of as many pixels."""
    layer = {"name": "gemm", "kind": "conv2d", "input": "x", "out_channels": gemm.outputs, "kernel": 1}
    shape = [gemm.reduction, gemm.pixels, 1]
    network = {"name": "gemm", "input": {"name": "x", "shape": shape}, "layers": [layer]}
    workload = parse_workload(json.dumps(network))
    sets = [f"array.dataflow={dataflow}", f"array.rows={rows}", f"array.cols={cols}"]
    run = run_network(workload, load_hardware("scalesim", sets), uniform_precision(workload, "int8"))
    return run.layers[0].compute_cycles


def test_whole_runs_on_the_preset(measured: list[Row]) -> None:
    """Some rows through tiling and simulation; `make validate` compares all of them with the closed form."""
    chosen = measured[::23]
    found = [simulated_cycles(row.gemm, row.dataflow, row.array_rows, row.array_cols) for row in chosen]
    assert found == [row.compute_cycles for row in chosen]


@settings(deadline=None, max_examples=8)
@given(
    st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([4, 32, 100]), st.integers(1, 64)
)
def test_layers_that_are_not_in_the_file(pixels: int, reduction: int, outputs: int, rows: int, cols: int) -> None:
    """SCALE-Sim's closed form, as `scalesim_formulas.md` writes it."""
    gemm = Gemm(1, pixels, reduction, outputs)
    by_formula = {
        "ws": -(-reduction // rows) * -(-outputs // cols) * (2 * rows + cols + pixels - 2),
        "os": -(-pixels // rows) * -(-outputs // cols) * (rows + cols + reduction - 2),
        "is": -(-reduction // rows) * -(-pixels // cols) * (2 * rows + cols + outputs - 2),
    }
    assert {dataflow: simulated_cycles(gemm, dataflow, rows, cols) for dataflow in by_formula} == by_formula


@pytest.mark.parametrize("row", COPIED, ids=lambda row: f"{row.layer}-{row.dataflow}")
def test_copied_rows(row: Row) -> None:
    found = row.modelled()
    assert (found.total, found.input_codes, found.weight_codes) == row[-3:]


def test_the_copies_are_true(measured: list[Row]) -> None:
    by_place = {(row.layer.split()[1], *row[1:4]): row for row in measured}
    assert all(by_place[row.layer, *row[1:4]][4:] == row[4:] for row in COPIED)
