"""The numbers of reports, on results small enough to do them in the head."""

from __future__ import annotations

import pytest

from accelsim.report.summary import (
    bandwidth_series,
    cause_rows,
    headline,
    layer_rows,
    precision_label,
    ratio,
    roofs,
    utilisation,
)
from accelsim.result import CAUSES, BandwidthTimeline, Result
from tests.unit.report.by_hand import CLOCK_HZ, layer, result, vector_layer


@pytest.fixture
def two_layers() -> Result:
    """100 cycles against 400: 800 MACs and 200 bytes either way."""
    return result(
        [layer("a", cycles=80, computing=40), layer("b", cycles=20, computing=20)],
        [layer("a", cycles=240, computing=240), layer("b", cycles=160, computing=160)],
    )


class TestHeadline:
    def test_time_and_rates(self, two_layers: Result) -> None:
        head = headline(two_layers)
        assert (head.cycles, head.latency_seconds) == (100, 100 / 1e6)
        assert head.frames_per_second == pytest.approx(1e6 / 100)
        assert head.macs_per_second == pytest.approx(800 * 1e6 / 100)

    def test_dram(self, two_layers: Result) -> None:
        head = headline(two_layers)
        assert (head.dram_bytes, head.dram_bytes_per_second) == (200, pytest.approx(2e6))
        assert head.dram_fraction == pytest.approx(2e6 / 4e6)

    def test_baseline(self, two_layers: Result) -> None:
        head = headline(two_layers)
        assert (head.baseline, head.speedup, head.baseline_latency_seconds) == ("fp32", 4.0, 400 / 1e6)

    def test_without_baseline_and_with_ideal_memory(self) -> None:
        head = headline(result([layer("a", cycles=10)], dram_peak_bytes_per_second=None))
        assert (head.baseline, head.speedup, head.baseline_latency_seconds) == (None, None, None)
        assert (head.dram_peak_bytes_per_second, head.dram_fraction) == (None, None)

    def test_every_core_does_an_image(self) -> None:
        layers = [layer("a", cycles=100)]
        one, two = headline(result(layers)), headline(result(layers, cores=2))
        assert (two.images, two.cycles) == (2, one.cycles)
        assert two.frames_per_second == 2 * one.frames_per_second
        assert two.macs_per_second == 2 * one.macs_per_second


class TestUtilisation:
    def test_macs_of_those_possible(self, two_layers: Result) -> None:
        assert utilisation(two_layers) == 800 / (100 * 10)

    def test_each_layer_at_its_own_width(self) -> None:
        wide = layer("b", cycles=50, peak_macs_per_cycle=40)
        assert utilisation(result([layer("a", cycles=50), wide])) == 800 / (50 * 10 + 50 * 40)

    def test_a_layer_without_macs_takes_the_array_at_its_native_width(self) -> None:
        assert utilisation(result([layer("a", cycles=50), vector_layer("pool", cycles=30)])) == 400 / (80 * 10)

    def test_cores_do_not_multiply_it(self) -> None:
        layers = [layer("a", cycles=50), vector_layer("pool", cycles=30)]
        assert utilisation(result(layers, cores=4)) == utilisation(result(layers))


class TestLayerRows:
    def test_in_order_beside_the_baselines_layer_of_the_same_name(self, two_layers: Result) -> None:
        rows = layer_rows(two_layers)
        assert [(row.result.name, row.share, row.speedup) for row in rows] == [("a", 0.8, 3.0), ("b", 0.2, 8.0)]
        assert [row.baseline.cycles for row in rows if row.baseline] == [240, 160]

    def test_rates(self, two_layers: Result) -> None:
        row = layer_rows(two_layers)[0]
        assert (row.dram_bytes, row.intensity) == (60 + 40, 400 / 100)
        assert row.utilisation == 400 / (80 * 10)
        assert row.macs_per_second == 400 / 80 * CLOCK_HZ

    def test_nothing_to_divide_by(self) -> None:
        pool, hidden, resident = layer_rows(
            result(
                [
                    vector_layer("pool", cycles=5),
                    vector_layer("hidden", cycles=0),
                    layer("resident", cycles=5, dram_read_bytes=0, dram_write_bytes=0),
                ],
                [vector_layer("pool", cycles=5), vector_layer("hidden", cycles=5), layer("other", cycles=5)],
            )
        )
        assert (pool.utilisation, pool.intensity, pool.speedup) == (None, None, 1.0)
        assert (hidden.share, hidden.macs_per_second, hidden.speedup) == (0.0, 0.0, None)
        assert (resident.intensity, resident.speedup, resident.baseline) == (None, None, None)

    def test_without_baseline(self) -> None:
        assert layer_rows(result([layer("a", cycles=10)]))[0].speedup is None


class TestCauseRows:
    def test_every_cause_once_and_in_order(self, two_layers: Result) -> None:
        assert tuple(row.cause for row in cause_rows(two_layers)) == CAUSES

    def test_cycles_and_fractions_add_up(self, resnet50_result: Result) -> None:
        rows, base = cause_rows(resnet50_result), resnet50_result.baseline
        assert base is not None
        assert sum(row.cycles for row in rows) == resnet50_result.totals.cycles
        assert sum(row.baseline_cycles or 0 for row in rows) == base.totals.cycles
        assert sum(row.fraction for row in rows) == pytest.approx(1)
        assert sum(row.baseline_fraction or 0 for row in rows) == pytest.approx(1)

    def test_fractions(self, two_layers: Result) -> None:
        rows = {row.cause: row for row in cause_rows(two_layers)}
        assert (rows["computing"].fraction, rows["computing"].baseline_fraction) == (0.6, 1.0)
        assert (rows["wait_inputs"].fraction, rows["wait_inputs"].baseline_fraction) == (0.4, 0.0)

    def test_without_baseline(self) -> None:
        rows = cause_rows(result([layer("a", cycles=10)]))
        assert {(row.baseline_cycles, row.baseline_fraction) for row in rows} == {(None, None)}


class TestRoofs:
    def test_one_for_each_mode_lowest_first(self) -> None:
        layers = [
            layer("a", cycles=10, peak_macs_per_cycle=40),
            layer("b", cycles=10, weight_bits=8, activation_bits=8),
            layer("c", cycles=10, weight_bits=6, activation_bits=8),
        ]
        found = [(roof.label, roof.macs_per_second) for roof in roofs(result(layers), CLOCK_HZ)]
        assert found == [("w6a8, w8a8", 10e6), ("w4a4", 40e6)]

    def test_layers_without_macs_have_none(self) -> None:
        assert roofs(result([vector_layer("pool", cycles=5)]), CLOCK_HZ) == []


class TestBandwidthSeries:
    def test_the_last_bin_ends_with_the_run(self) -> None:
        timeline = BandwidthTimeline(bin_cycles=10, bytes_by_initiator={"weight": [40, 0, 20], "input": [0, 30, 5]})
        edges, rates = bandwidth_series(result([layer("a", cycles=25)], bandwidth=timeline), CLOCK_HZ)
        assert edges == [0, 10e-6, 20e-6, 25e-6]
        assert rates["weight"] == pytest.approx([40 / 10e-6, 0, 20 / 5e-6])
        assert rates["input"] == pytest.approx([0, 30 / 10e-6, 5 / 5e-6])

    def test_no_initiators(self) -> None:
        nothing = BandwidthTimeline(bin_cycles=10, bytes_by_initiator={})
        assert bandwidth_series(result([layer("a", cycles=25)], bandwidth=nothing), CLOCK_HZ) == ([25e-6], {})


def test_precision_labels() -> None:
    assert precision_label(layer("a", cycles=1, weight_bits=4, activation_bits=8)) == "w4a8"
    assert precision_label(layer("a", cycles=1, weight_bits=32, activation_bits=32)) == "fp32"


def test_a_ratio_to_nothing_is_none() -> None:
    assert (ratio(1, 4), ratio(0, 4), ratio(4, 0)) == (0.25, 0.0, None)
