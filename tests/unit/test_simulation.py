"""`simulate`: a timed log by hand, baselines, progress, several cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.analytic.area import block_gates
from accelsim.config.hardware import ControllerConfig, Hardware, Overlap
from accelsim.config.presets import load_dram, load_hardware
from accelsim.errors import MappingError
from accelsim.result import Result, RunResult
from accelsim.simulation import memory_view, run_baseline, run_network, simulate
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision

DOCS = Path(__file__).parents[2] / "docs"

TWO_LAYERS = """
name: two
input: {name: image, shape: [32, 4, 4]}
layers:
  - {name: a, kind: conv2d, input: image, out_channels: 32, kernel: 1, post: [bias, relu]}
  - {name: b, kind: conv2d, input: a, out_channels: 32, kernel: 1, post: [{add: a}, relu]}
"""
#: One fold of a 32 x 32 array without shadow registers: load 32, stream 16, skew and drain 62.
FOLD = 32 + 16 + 62
#: 4 * 4 * 32 results on 64 lanes behind a pipeline of 5.
VECTOR = 5 + 512 // 64


@pytest.fixture(scope="module")
def two_layers() -> Workload:
    return parse_workload(TWO_LAYERS)


@pytest.fixture(scope="module")
def compute_only() -> Hardware:
    """Ideal memory; a transfer still takes a cycle to cross the fabric."""
    settings = ["vector.lanes=64", "vector.latency_cycles=5", "buffers.activation_residency=false"]
    return load_hardware("scalesim", settings)


@pytest.fixture(scope="module")
def small_zcu102() -> Hardware:
    return load_hardware("zcu102", ["array.rows=8", "array.cols=8"])


@pytest.fixture(scope="module")
def run(two_layers: Workload, compute_only: Hardware) -> RunResult:
    return run_network(two_layers, compute_only, resolve_precision(two_layers, "w8a8"))


@pytest.fixture(scope="module")
def result(two_layers: Workload, small_zcu102: Hardware) -> Result:
    return simulate(two_layers, small_zcu102, resolve_precision(two_layers, "w4a4"))


def causes(breakdown: dict[str, int]) -> dict[str, int]:
    return {cause: cycles for cause, cycles in breakdown.items() if cycles}


@pytest.mark.parametrize(("overlap", "cycles"), [("none", 100_743), ("all", 59_862)])
def test_turns_as_the_timing_page_has_them(overlap: str, cycles: int) -> None:
    layer = "{name: a, kind: conv2d, input: image, out_channels: 64, kernel: 3, padding: 1}"
    workload = parse_workload(f"{{name: one, input: {{name: image, shape: [64, 56, 56]}}, layers: [{layer}]}}")
    machine = load_hardware(
        "dpu-b4096", ["cores=1", "dram.preset=ideal", "controller.start_cycles=0", f"controller.overlap={overlap}"]
    )
    run = run_network(workload, machine, uniform_precision(workload, "int8"))
    assert run.totals.cycles == cycles
    assert f"{cycles:,}".replace(",", " ") in (DOCS / "timing-model.md").read_text(encoding="utf-8")


def test_the_start_of_a_run_is_idle_time_of_the_first_layer(two_layers: Workload, compute_only: Hardware) -> None:
    later = compute_only.model_copy(update={"controller": ControllerConfig(start_cycles=1000)})
    precision = resolve_precision(two_layers, "w8a8")
    at_once, after = (run_network(two_layers, machine, precision) for machine in (compute_only, later))
    assert after.totals.cycles == at_once.totals.cycles + 1000
    assert (after.layers[0].start_cycle, after.layers[0].breakdown["idle"]) == (0, 1000)
    assert sum(after.layers[0].breakdown.values()) == after.layers[0].cycles
    assert after.layers[1].cycles == at_once.layers[1].cycles


def test_only_the_weight_engine_works_beside_the_others(two_layers: Workload, small_zcu102: Hardware) -> None:
    def run(overlap: Overlap) -> RunResult:
        machine = small_zcu102.model_copy(update={"controller": ControllerConfig(overlap=overlap)})
        return run_network(two_layers, machine, uniform_precision(two_layers, "int8"))

    core = run("weights").statistics["core0"]
    in_turns = ("array", "vector_unit", "input_dma", "output_dma")
    busy = sum(core[name]["busy"]["cycles"] for name in in_turns)
    cycles = {overlap: run(overlap).totals.cycles for overlap in ("all", "weights", "none")}
    assert cycles["all"] <= cycles["weights"] < cycles["none"]
    assert busy <= cycles["weights"] < busy + core["weight_dma"]["busy"]["cycles"]


class TestByHand:
    """Weights come in cycle 1, the image in 2; then a fold, the vector unit, a store and a load for the next layer."""

    def test_windows(self, run: RunResult) -> None:
        first_end = 2 + FOLD
        second_start = first_end + VECTOR + 1 + 1  # a stored, a fetched again
        end = second_start + FOLD + VECTOR + 1
        assert [(layer.start_cycle, layer.end_cycle) for layer in run.layers] == [(0, first_end), (first_end, end)]
        assert run.totals.cycles == end

    def test_causes(self, run: RunResult) -> None:
        first, second = (causes(layer.breakdown) for layer in run.layers)
        assert first == {"wait_weights": 1, "wait_inputs": 1, "computing": 16, "fill_drain": FOLD - 16}
        assert second == {
            "wait_inputs": VECTOR + 2,
            "computing": 16,
            "fill_drain": FOLD - 16,
            "wait_vector_unit": VECTOR,
            "wait_output_space": 1,
        }

    def test_bytes(self, run: RunResult) -> None:
        """a reads 1024 weights and 512 pixels; b as many, and a again for the sum; its result is fp32."""
        assert [(layer.dram_read_bytes, layer.dram_write_bytes) for layer in run.layers] == [
            (1024 + 512, 512),
            (1024 + 512 + 512, 512 * 4),
        ]

    def test_work(self, run: RunResult) -> None:
        assert run.totals.macs == 2 * 16 * 32 * 32
        assert [layer.compute_cycles for layer in run.layers] == [FOLD, FOLD]


class TestBaselines:
    def test_the_speedup_is_the_ratio_of_seconds(self, result: Result) -> None:
        assert result.baseline is not None
        assert result.speedup == result.baseline.totals.seconds / result.totals.seconds
        assert result.baseline.name == "fp32"

    def test_fp32_has_one_product_per_element_and_no_decoder(self, result: Result) -> None:
        assert result.baseline is not None
        layer = result.baseline.layers[0]
        assert (layer.weight_bits, layer.activation_bits, layer.peak_macs_per_cycle) == (32, 32, 64)
        assert result.baseline.statistics["core0"]["input_decoder"]["codes"] == 0

    def test_int8_and_iso_area(self, two_layers: Workload, small_zcu102: Hardware) -> None:
        int8 = run_baseline("int8", two_layers, small_zcu102)
        assert (int8.layers[0].weight_format, int8.array) == ("int8", (8, 8))
        iso = run_baseline("iso-area", two_layers, small_zcu102)
        elements = (64 * block_gates("pe_8_2") + 16 * block_gates("decoder_lane")) // block_gates("fp32_pe")
        assert (iso.layers[0].weight_format, iso.array) == ("fp32", (8, elements // 8))

    def test_none(self, two_layers: Workload, small_zcu102: Hardware) -> None:
        result = simulate(two_layers, small_zcu102, baseline="none")
        assert (result.baseline, result.speedup) == (None, None)

    def test_the_default_precision_is_the_workloads(self, two_layers: Workload, small_zcu102: Hardware) -> None:
        assert simulate(two_layers, small_zcu102, baseline="none").precision == two_layers.bits


def test_progress_counts_layers(two_layers: Workload, small_zcu102: Hardware) -> None:
    seen: list[tuple[str, int, int]] = []
    simulate(two_layers, small_zcu102, baseline="int8", progress=lambda *step: seen.append(step))
    assert seen == [("w4a4", 1, 2), ("w4a4", 2, 2), ("int8", 1, 2), ("int8", 2, 2)]


def test_two_cores_share_the_memory(two_layers: Workload, small_zcu102: Hardware) -> None:
    """Twice the images and bytes in less than twice the time: the cores contend for one DRAM."""
    precision = resolve_precision(two_layers, "w8a8")
    one = run_network(two_layers, small_zcu102, precision).totals
    two = run_network(two_layers, small_zcu102.model_copy(update={"cores": 2}), precision).totals
    assert (two.images, two.macs, two.dram_read_bytes) == (2, 2 * one.macs, 2 * one.dram_read_bytes)
    assert one.cycles < two.cycles < 2 * one.cycles


def test_what_does_not_fit_is_the_users_to_mend(two_layers: Workload) -> None:
    tiny = load_hardware("zcu102", ["buffers.weight_bytes=8"])
    with pytest.raises(MappingError, match=r"layer a: no tile fits buffers\.weight_bytes: the smallest needs \d+"):
        simulate(two_layers, tiny)


def test_more_channels_behind_a_narrow_interconnect_leave_the_tiles() -> None:
    """The estimate once saw the DRAM's peak alone, took one tile for two that overlap, and lost by a sixth."""
    single = load_hardware("zcu102", ["interconnect.bytes_per_cycle=4"])
    double = load_hardware("zcu102", ["interconnect.bytes_per_cycle=4", "dram.channels=2"])
    views = [memory_view(machine, load_dram(machine.dram.preset)) for machine in (single, double)]
    assert views[0] == views[1]
    assert views[0].bytes_per_cycle == 4
