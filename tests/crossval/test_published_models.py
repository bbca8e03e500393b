"""The comparisons with published models: their data are the published ones, and their formulas give them.

`make validate` runs them in full; here each runs on what takes a moment.
"""

from __future__ import annotations

import pytest

from accelsim.config.presets import load_hardware
from benchmarks.validation import ant, bitfusion, dataflows, eyeriss, nvdla
from benchmarks.validation.single_layer import SingleLayer


def test_bitfusion_s_formula_gives_its_cycles() -> None:
    """But for LSTM: 3600 outputs and channels in two tiles each, 114 * 58 instead of 113 * 57 folds."""
    off = {
        layer.network: layer.compute_cycles
        for layer in bitfusion.published()
        if layer.formula(16, 32) != layer.compute_cycles
    }
    assert len(bitfusion.published()) == 61
    assert off == {"LSTM": 16 * 114 * 58}


def test_bitfusion_s_networks_add_up() -> None:
    """Totals of the same repository, as collected."""
    totals = {"AlexNet": 37666491, "SVHN": 1317523, "LeNet-5": 410352, "RESNET-18": 49079982}
    for network, cycles in totals.items():
        assert sum(layer.cycles for layer in bitfusion.published() if layer.network == network) == cycles


def test_a_layer_of_bitfusion_runs() -> None:
    layer = next(layer for layer in bitfusion.published() if layer.name == "fc2")
    for hardware in (load_hardware("bitfusion"), bitfusion.wide_machine(64)):
        run = bitfusion.modelled(layer, hardware)
        assert run.macs == layer.shape.macs
        assert run.dram_write_bytes == layer.shape.macs // layer.shape.channels * 4


def test_the_sheet_of_nvdla_is_whole() -> None:
    layers = nvdla.sheet()
    assert sum(layer.cycles for layer in layers) == 7_113_691
    assert sum(layer.macs for layer in layers) == 3_896_508_416
    winograd = next(layer for layer in layers if layer.name == "Res3a_branch2b")
    assert winograd.macs / 2048 / 2.25 == winograd.mac_cycles
    features = 28 * 28 * (128 + 128)
    assert (features + winograd.sheet_weight_bytes) / nvdla.BYTES_PER_CYCLE == pytest.approx(winograd.cycles)


def test_the_network_of_the_sheet_is_ours_but_for_one_layer() -> None:
    runs = nvdla.modelled()
    other = {layer.name for layer in nvdla.sheet() if runs[layer.name].macs != layer.macs}
    assert other == {"Res2a_branch2a"}


def test_eyeriss_s_layers_have_the_published_work() -> None:
    """Millions of multiply-accumulates of a batch of 4 (nn_dataflow's test)."""
    published = (421.66, 895.79, 598.1, 448.6, 299.0)
    for (_, layer, _, _), millions in zip(eyeriss.MEASURED, published, strict=True):
        assert layer.macs / 1e6 == pytest.approx(millions, rel=1e-3)


def test_eyeriss_is_within_the_aim() -> None:
    found = eyeriss.compare()
    assert len(found.errors) == 5
    assert max(map(abs, found.errors)) <= 0.20


def test_ant_s_formula_by_hand() -> None:
    """64 x 64 at 4 bits: 2 * 2 folds of 9 * 64 products; 32 x 28 at 8 bits: 4 * 5 folds."""
    layer = SingleLayer(64, 128, 3, 1, 8, batch=2)
    assert ant.formula(layer, 4, ant.machine("os", 32)) == 2 * 2 * 576
    assert ant.formula(layer, 8, ant.machine("os", ant.ADAFLOAT_COLS)) == 4 * 5 * 576
    assert ant.formula(layer, 4, ant.machine("ws", 32)) == 128 * 2 * 9


def test_a_layer_of_the_dataflow_comparison_runs() -> None:
    edge, *kib = dataflows.MACHINES[0]
    for memory in dataflows.CLAIMED:
        run = dataflows.run(dataflows.LAYERS[-1], dataflows.machine("os", edge, (kib[0], kib[1], kib[2]), memory))
        assert run.macs == 512 * 1000
