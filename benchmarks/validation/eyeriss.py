"""Preset `eyeriss` against the chip: the time of AlexNet's convolutions at batch 4.

Measured: Chen et al., ISSCC 2016 figure 14.5.6 and JSSC 2017 table V, as stanford-mast/nn_dataflow @198a5274,
nn_dataflow/tests/dataflow_test/test_nn_dataflow.py has them.
"""

from __future__ import annotations

from accelsim.config.presets import load_hardware
from benchmarks.validation.comparison import Comparison
from benchmarks.validation.single_layer import SingleLayer, run_layer

#: Layer, batch of 4, milliseconds on the chip, PEs that its mapping used.
MEASURED = (
    ("conv1", SingleLayer(3, 96, 11, 4, 55, batch=4), 16.5, 154),
    ("conv2", SingleLayer(96, 256, 5, 1, 27, batch=4, groups=2), 39.2, 135),
    ("conv3", SingleLayer(256, 384, 3, 1, 13, batch=4), 21.8, 156),
    ("conv4", SingleLayer(384, 384, 3, 1, 13, batch=4, groups=2), 16.0, 156),
    ("conv5", SingleLayer(384, 256, 3, 1, 13, batch=4, groups=2), 10.0, 156),
)
OPERANDS = "fp16"  # the chip's 16-bit fixed point: only the width matters here


def compare() -> Comparison:
    """Milliseconds by layer, and the share of the PEs' multiply-accumulates that is used."""
    hardware = load_hardware("eyeriss")
    pes = hardware.array.rows * hardware.array.cols
    table = [
        "| layer | ms, chip | ms, model | error | PEs mapped, chip | PEs used, chip | PEs used, model |",
        "|---|---|---|---|---|---|---|",
    ]
    errors = []
    for name, layer, chip_ms, mapped_pes in MEASURED:
        run = run_layer(layer, hardware, OPERANDS, OPERANDS)
        model_ms = run.cycles / hardware.clock_hz * 1e3
        errors.append(model_ms / chip_ms - 1)
        full_ms = layer.macs / pes / hardware.clock_hz * 1e3
        shares = " | ".join(f"{share:.0%}" for share in (mapped_pes / pes, full_ms / chip_ms, full_ms / model_ms))
        table.append(f"| {name} | {chip_ms} | {model_ms:.1f} | {errors[-1]:+.1%} | {shares} |")
    return Comparison("eyeriss", "Eyeriss, time of a layer", "the chip", errors, table)
