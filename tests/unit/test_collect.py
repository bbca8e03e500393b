"""From a finished run to its result: what binds a layer, bandwidth in bins, and which core the layers are of."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from simpy import Environment

from accelsim.collect import TIMELINE_BINS, bandwidth_timeline, bound_of, layer_results
from accelsim.config.hardware import Hardware
from accelsim.config.presets import load_hardware
from accelsim.hw.account import LayerRun
from accelsim.mapping.planner import plan_network
from accelsim.result import CAUSES, RunResult
from accelsim.simulation import memory_view, run_network
from accelsim.tlm import Trace
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

NETWORK = parse_workload(
    """
name: two
input: {name: image, shape: [8, 16, 16]}
layers:
  - {name: a, kind: conv2d, input: image, out_channels: 16, kernel: 3, padding: 1, post: [relu]}
  - {name: pool, kind: pool, mode: max, input: a, kernel: 2, stride: 2}
  - {name: b, kind: conv2d, input: pool, out_channels: 8, kernel: 1}
"""
)


def run(cores: int = 1, cores_per_image: int = 1) -> RunResult:
    overrides = ["array.rows=8", "array.cols=8", f"cores={cores}", f"cores_per_image={cores_per_image}"]
    machine = load_hardware("zcu102", overrides)
    return run_network(NETWORK, machine, resolve_precision(NETWORK, "w4a8"))


@pytest.fixture(scope="module")
def machine() -> Hardware:
    return load_hardware("scalesim")


class TestBound:
    @pytest.mark.parametrize(
        ("cycles", "bound"),
        [
            ({"computing": 5, "wait_inputs": 4}, "compute"),
            ({"computing": 5, "wait_weights": 2, "wait_inputs": 2, "wait_output_space": 2}, "dram"),  # 6 together
            ({"fill_drain": 3, "wait_decoder": 4}, "decoder"),
            ({"wait_vector_unit": 1}, "vector_unit"),
            ({"fill_drain": 3, "computing": 2}, "fill_drain"),
            ({"computing": 3, "fill_drain": 3, "wait_weights": 3}, "compute"),  # equal: the first in report order
            ({}, "idle"),
        ],
    )
    def test_the_largest_group_of_causes(self, cycles: dict[str, int], bound: str) -> None:
        assert bound_of(dict.fromkeys(CAUSES, 0) | cycles) == bound


class TestLayer:
    def finished(self, machine: Hardware, index: int) -> LayerRun:
        precision = resolve_precision(NETWORK, "w4a8")
        plan = plan_network(NETWORK, machine, precision, memory_view(machine, None)).plans[index]
        done = LayerRun.of(Environment(), plan)
        done.start_cycle, done.end_cycle, done.compute_cycles = 0, 30, 20
        done.read_bytes, done.write_bytes = 7, 3
        done.breakdown.update(computing=18, fill_drain=2, wait_inputs=10)
        return done

    def test_a_layer_of_the_array(self, machine: Hardware) -> None:
        (found,) = layer_results([[self.finished(machine, 0)]])
        assert (found.name, found.kind, found.macs) == ("a", "conv2d", 16 * 16 * 16 * 8 * 9)
        assert (found.weight_bits, found.activation_bits) == (4, 8)
        assert (found.start_cycle, found.end_cycle, found.cycles, found.compute_cycles) == (0, 30, 30, 20)
        assert (found.dram_read_bytes, found.dram_write_bytes) == (7, 3)
        assert found.weight_bytes == 16 * 8 * 9 * 4 // 8
        assert (found.bound, sum(found.breakdown.values())) == ("compute", found.cycles)

    def test_a_layer_of_the_vector_unit(self, machine: Hardware) -> None:
        (found,) = layer_results([[self.finished(machine, 1)]])
        assert (found.macs, found.peak_macs_per_cycle, found.weight_bytes) == (0, 0, 0)
        assert found.tiles >= 1

    def test_the_result_keeps_its_own_breakdown(self, machine: Hardware) -> None:
        done = self.finished(machine, 0)
        (found,) = layer_results([[done]])
        done.breakdown["computing"] = 0
        assert found.breakdown["computing"] == 18

    def test_cores_that_share_an_image_are_one_mean_timeline(self, machine: Hardware) -> None:
        """Ends of 10 and 5, then of 17 and 14, which idles 3 cycles more: (10 + 5) / 2 is 7, (17 + 17) / 2 is 17.

        Up to there 15 + 4 + 3 = 22 cycles of both compute, so 22 / 2 - 7 = 4 of the second window, and 6 are idle.
        """
        spent = [
            [{"computing": 10}, {"computing": 4, "idle": 3}],
            [{"computing": 5}, {"computing": 3, "idle": 6}],
        ]
        cores = []
        for core in spent:
            runs = [self.finished(machine, index) for index in (0, 1)]
            for run, end_cycle, cycles in zip(runs, accumulate(sum(c.values()) for c in core), core, strict=True):
                run.end_cycle, run.compute_cycles = end_cycle, cycles["computing"]
                run.breakdown.update(dict.fromkeys(CAUSES, 0) | cycles)
            cores.append(runs)
        first, second = layer_results(cores)
        assert (first.start_cycle, first.end_cycle, second.end_cycle) == (0, 7, 17)
        assert (first.breakdown["computing"], second.breakdown["computing"], second.breakdown["idle"]) == (7, 4, 6)
        assert (first.compute_cycles, first.dram_read_bytes, first.dram_write_bytes) == (7, 14, 6)


class TestBandwidth:
    @pytest.fixture
    def trace(self) -> Trace:
        """A trace that knows both directions, as every memory's does."""
        trace = Trace()
        for event in ("dram_read", "dram_write"):
            trace.event(event)
        return trace

    def moved(self, trace: Trace, cycle: int, path: str, size_bytes: int, *, write: bool = False) -> None:
        event = trace.event("dram_write" if write else "dram_read")
        trace.record(cycle, trace.source(f"accelerator.{path}"), event, size_bytes)

    def test_a_transaction_counts_in_the_bin_that_ends_with_or_after_it(self, trace: Trace) -> None:
        """400 cycles are 200 bins of 2: cycles 0 to 2, 3 and 4, and so on."""
        for cycle in (0, 1, 2, 3, 4, 5, 400):
            self.moved(trace, cycle, "core0.weight_dma", 10)
        timeline = bandwidth_timeline(trace, 400)
        weight = timeline.bytes_by_initiator["weight"]
        assert (timeline.bin_cycles, len(weight)) == (2, TIMELINE_BINS)
        assert {index: moved for index, moved in enumerate(weight) if moved} == {0: 30, 1: 20, 2: 10, 199: 10}

    def test_engines_of_all_cores_in_one_series_each(self, trace: Trace) -> None:
        self.moved(trace, 1, "core1.output_dma", 5, write=True)
        self.moved(trace, 1, "core0.input_dma", 1)
        self.moved(trace, 1, "core1.input_dma", 2)
        self.moved(trace, 2, "core0.input_dma", 4)
        trace.record(1, trace.source("accelerator.core0.controller"), trace.event("load"), 99)
        series = bandwidth_timeline(trace, 2).bytes_by_initiator
        assert series == {"weight": [0, 0], "input": [3, 4], "output": [5, 0]}
        assert list(series) == ["weight", "input", "output"]

    def test_bins_are_whole_cycles_and_cover_the_run(self, trace: Trace) -> None:
        """201 cycles: bins of 2, the last one half used."""
        timeline = bandwidth_timeline(trace, 201)
        assert (timeline.bin_cycles, len(timeline.bytes_by_initiator["weight"])) == (2, 101)

    def test_a_run_of_no_cycles(self, trace: Trace) -> None:
        self.moved(trace, 0, "core0.weight_dma", 10)
        assert bandwidth_timeline(trace, 0).bytes_by_initiator["weight"] == [10]


class TestWholeRun:
    @pytest.mark.parametrize(("cores", "cores_per_image"), [(1, 1), (3, 1), (3, 3), (6, 3)])
    def test_windows_tile_the_run_and_explain_it(self, cores: int, cores_per_image: int) -> None:
        found = run(cores, cores_per_image)
        assert found.layers[0].start_cycle == 0
        assert all(before.end_cycle == after.start_cycle for before, after in pairwise(found.layers))
        assert found.layers[-1].end_cycle == found.totals.cycles
        for cause in CAUSES:
            assert found.totals.breakdown[cause] == sum(layer.breakdown[cause] for layer in found.layers)
        for part in (found.totals, *found.layers):
            assert sum(part.breakdown.values()) == part.cycles

    @pytest.mark.parametrize(("cores", "cores_per_image"), [(1, 1), (3, 1), (3, 3), (6, 3)])
    def test_totals_are_all_cores(self, cores: int, cores_per_image: int) -> None:
        found, images = run(cores, cores_per_image), cores // cores_per_image
        series = found.bandwidth.bytes_by_initiator
        assert found.totals.images == images
        assert sum(layer.macs for layer in found.layers) == NETWORK.macs
        assert found.totals.macs == images * NETWORK.macs
        assert found.totals.dram_read_bytes == images * sum(layer.dram_read_bytes for layer in found.layers)
        assert sum(series["weight"]) + sum(series["input"]) == found.totals.dram_read_bytes
        assert sum(series["output"]) == found.totals.dram_write_bytes

    def test_it_counts_the_events_of_its_own_run(self) -> None:
        assert run().events == run().events > 0
