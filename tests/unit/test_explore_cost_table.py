"""Cost tables: numbers by hand, sums that are exact, predictions, and the page that explains them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_hardware
from accelsim.errors import InputError, MappingError
from accelsim.explore.cost_table import ALL_WIDTHS, CostTable, cost_table
from accelsim.explore.prediction import Prediction, precision_widths, prediction_error
from accelsim.simulation import simulate
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload, parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cost-table.md").read_text(encoding="utf-8")
(TWO_LAYERS,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)

#: A vector layer before, between and after the array layers, and a matmul.
VECTOR_LAYERS = """
name: mixed
input: {name: image, shape: [16, 16, 1]}
layers:
  - {name: norm, kind: layer_norm, input: image}
  - {name: q, kind: linear, input: norm, out_channels: 16, post: [bias]}
  - {name: k, kind: linear, input: norm, out_channels: 16, post: [bias]}
  - {name: scores, kind: matmul, input: q, other: k, transpose_other: true}
  - {name: softmax, kind: softmax, input: scores}
"""


@pytest.fixture(scope="module")
def two_layers() -> Workload:
    return parse_workload(TWO_LAYERS)


@pytest.fixture(scope="module")
def fusing() -> Hardware:
    """The machine of the page: a 32 x 32 array that fuses, ideal memory."""
    return load_hardware("scalesim", ["array.operand_bits=[2,4,8]"])


@pytest.fixture(scope="module")
def table(two_layers: Workload, fusing: Hardware) -> CostTable:
    return cost_table(two_layers, fusing, (4, 8), (4, 8))


@pytest.fixture(scope="module")
def vector_layers() -> Workload:
    return parse_workload(VECTOR_LAYERS)


def folds(weight_bits: int, activation_bits: int) -> int:
    """64 x 64 weights in folds of a weight-stationary array: load its rows, stream 16 pixels, skew."""
    rows, cols = 32 * 8 // activation_bits, 32 * 8 // weight_bits
    return (64 // rows) * (64 // cols) * (rows + 16 + rows + cols - 2)


def mixed(workload: Workload, tmp_path: Path, formats: str) -> Precision:
    path = tmp_path / "mix.yaml"
    path.write_text(formats, encoding="utf-8")
    return resolve_precision(workload, str(path))


class TestByHand:
    def test_layers_and_overhead(self, table: CostTable) -> None:
        assert (table.layers, table.weight_widths, table.activation_widths) == (("a", "b"), (4, 8), (4, 8))
        for weight_bits in (4, 8):
            for activation_bits in (4, 8):
                fold = folds(weight_bits, activation_bits)
                assert table.layer_cycles("a", weight_bits, activation_bits) == fold + 2  # weights, then the image
                assert table.layer_cycles("b", weight_bits, activation_bits) == fold + 3  # rows of a; vector; store
        assert not table.overhead_cycles.any()
        assert table.cycles.dtype == table.overhead_cycles.dtype == np.int64
        assert table.cycles.shape == (2, 2, 2)

    def test_the_page_says_so(self, table: CostTable) -> None:
        rows = re.findall(r"\| w(\d)a(\d) \|.*= (\d+) \| (\d+) \| (\d+) \|", PAGE)
        assert len(rows) == 4
        for weight_bits, activation_bits, fold, a, b in (map(int, row) for row in rows):
            assert fold == folds(weight_bits, activation_bits)
            assert table.layer_cycles("a", weight_bits, activation_bits) == a
            assert table.layer_cycles("b", weight_bits, activation_bits) == b

    def test_it_is_what_simulate_says(self, table: CostTable, two_layers: Workload, fusing: Hardware) -> None:
        result = simulate(two_layers, fusing, resolve_precision(two_layers, "w4a8"), baseline="none")
        assert [table.layer_cycles(layer.name, 4, 8) for layer in result.layers] == [
            layer.cycles for layer in result.layers
        ]

    def test_a_mix(self, table: CostTable, two_layers: Workload, fusing: Hardware, tmp_path: Path) -> None:
        formats = "a: {weights: dybit4, activations: dybit8}\nb: {weights: dybit8, activations: dybit4}\n"
        found = prediction_error(table, two_layers, fusing, mixed(two_layers, tmp_path, formats))
        cycles = folds(4, 8) + 2 + folds(8, 4) + 3
        assert (found, found.relative_error) == (Prediction(cycles, cycles), 0)
        assert f"the table predicts 286 + 351 = {cycles} cycles, and the simulation takes {cycles}" in " ".join(
            PAGE.split()
        )


class TestSums:
    """Layers and overhead add up to the run at every pair, whatever the machine and wherever vector layers stand."""

    @pytest.mark.parametrize("settings", [[], ["cores=2"], ["buffers.activation_residency=false"]], ids=str)
    def test_exactly(self, vector_layers: Workload, settings: list[str]) -> None:
        machine = load_hardware("zcu102", ["array.rows=8", "array.cols=8", *settings])
        table = cost_table(vector_layers, machine, (2, 3), (8,))
        assert table.layers == ("q", "k", "scores")
        for weight_bits in (2, 3):
            precision = resolve_precision(vector_layers, f"w{weight_bits}a8")
            result = simulate(vector_layers, machine, precision, baseline="none")
            assert table.run_cycles(weight_bits, 8) == result.totals.cycles
            widths = precision_widths(vector_layers, precision)
            assert table.allocation_cycles(widths) == result.totals.cycles

    def test_a_vector_layer_counts_for_the_array_layer_behind_it(self, vector_layers: Workload) -> None:
        machine = load_hardware("zcu102", ["array.rows=8", "array.cols=8"])
        table = cost_table(vector_layers, machine, (8,), (8,))
        result = simulate(vector_layers, machine, resolve_precision(vector_layers, "w8a8"), baseline="none")
        cycles = {layer.name: layer.cycles for layer in result.layers}
        assert min(cycles["norm"], cycles["softmax"]) > 0
        assert table.layer_cycles("q", 8, 8) == cycles["norm"] + cycles["q"]
        assert table.layer_cycles("scores", 8, 8) == cycles["scores"]
        assert table.overhead_cycles[0, 0] == cycles["softmax"] + result.totals.cycles - result.layers[-1].end_cycle

    def test_the_overhead_of_a_mix_is_that_of_the_last_layers_pair(self) -> None:
        table = CostTable(("a", "b"), (4, 8), (8,), np.array([[[1], [10]], [[2], [20]]]), np.array([[100], [200]]))
        assert table.allocation_cycles({"b": (8, 8), "a": (4, 8)}) == 1 + 20 + 200


def test_widths_are_sorted_and_count_once(two_layers: Workload, fusing: Hardware) -> None:
    seen: list[tuple[str, int, int]] = []
    table = cost_table(two_layers, fusing, [8, 4, 8], [4], progress=lambda *step: seen.append(step))
    assert (table.weight_widths, table.activation_widths) == ((4, 8), (4,))
    assert seen == [("w4a4", 1, 2), ("w4a4", 2, 2), ("w8a4", 1, 2), ("w8a4", 2, 2)]


def test_pins_are_lifted(two_layers: Workload, fusing: Hardware, table: CostTable) -> None:
    pinned = parse_workload(TWO_LAYERS.replace("input:", "pins: {a: w8a8}\ninput:", 1))
    assert pinned.pins
    np.testing.assert_array_equal(cost_table(pinned, fusing, (4,), (4,)).cycles, table.cycles[:, :1, :1])


def test_nobody_changes_a_table(table: CostTable) -> None:
    with pytest.raises(ValueError, match="read-only"):
        table.cycles[0, 0, 0] = 0


def test_widths_of_a_matmul(vector_layers: Workload, tmp_path: Path) -> None:
    """Its weights are the operand that stays in the array."""
    names = {"q": (2, 8), "k": (3, 8), "scores": (6, 5)}
    lines = [f"{name}: {{weights: dybit{w}, activations: dybit{a}}}\n" for name, (w, a) in names.items()]
    assert precision_widths(vector_layers, mixed(vector_layers, tmp_path, "".join(lines))) == names


class TestWrongInput:
    @pytest.mark.parametrize(
        ("widths", "says"),
        [
            ({"a": (4, 4)}, "cost table: no widths for layer 'b'"),
            ({"a": (4, 4), "b": (4, 4), "bb": (4, 4)}, "no layer 'bb'; did you mean 'b'"),
            ({"a": (3, 4), "b": (4, 4)}, r"layer a: found w3a4 \(allowed: weights of 4, 8 bits, activations of 4, 8\)"),
        ],
    )
    def test_allocations(self, table: CostTable, widths: dict[str, tuple[int, int]], says: str) -> None:
        with pytest.raises(InputError, match=says):
            table.allocation_cycles(widths)

    @pytest.mark.parametrize(("widths", "says"), [((), "no width"), ((4, 9), "found 9"), ((1,), "found 1")])
    def test_widths(self, two_layers: Workload, fusing: Hardware, widths: tuple[int, ...], says: str) -> None:
        with pytest.raises(InputError, match=rf"activation_widths: {says} \(allowed: whole numbers 2\.\.8\)"):
            cost_table(two_layers, fusing, ALL_WIDTHS, widths)

    def test_another_format(self, table: CostTable, two_layers: Workload, fusing: Hardware) -> None:
        with pytest.raises(InputError, match=r"layer a: found int8 \(allowed: dybit"):
            prediction_error(table, two_layers, fusing, uniform_precision(two_layers, "int8"))

    def test_nothing_on_the_array(self, fusing: Hardware) -> None:
        layers = "layers: [{name: p, kind: pool, mode: max, input: i, kernel: 2, stride: 2}]"
        workload = parse_workload(f"name: pools\ninput: {{name: i, shape: [1, 4, 4]}}\n{layers}")
        with pytest.raises(InputError, match="workload pools: no layer runs on the array"):
            cost_table(workload, fusing)

    def test_what_does_not_fit_says_at_which_widths(self, two_layers: Workload) -> None:
        tiny = load_hardware("zcu102", ["buffers.weight_bytes=8"])
        with pytest.raises(MappingError, match=r"layer a at w4a8: no tile fits buffers\.weight_bytes"):
            cost_table(two_layers, tiny, (4,), (8,))


def test_the_program_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, {})
    conv1, network, error = printed.getvalue().split()
    workload = load_workload("workloads/resnet18.yaml")
    hardware = load_hardware("zcu102")

    def run(bits: str) -> tuple[int, int]:
        precision = resolve_precision(workload, bits, use_pins=False)
        result = simulate(workload, hardware, precision, baseline="none")
        return result.layers[0].cycles, result.totals.cycles

    assert (int(conv1), int(network)) == (run("w8a8")[0], run("w4a4")[1])
    assert abs(float(error)) < 0.02
