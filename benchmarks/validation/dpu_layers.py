"""One core of Xilinx's DPU, layer by layer, against a profile of ResNet-50 in which every layer is a run of its own.

Measured: Xilinx/Vitis-AI tag v2.0, tools/Vitis-AI-Profiler/img/txt_summary.png, a core at 300 MHz. The clock is not
stated there: the same layers at 281 MHz (dpu_summary.png beside it) take 1.067 times as long, once 71 us of each are
taken off, which is what the shortest runs take. Its layers are those of Caffe's network as the
compiler has them: strides moved up, a sum with the convolution before it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from accelsim.config.presets import load_hardware
from accelsim.result import Totals
from accelsim.simulation import run_network
from accelsim.workload.formats import tensor_format
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import uniform_precision
from benchmarks.validation.comparison import Comparison
from benchmarks.validation.dpu import AT_300_MHZ, START_MICROSECONDS
from benchmarks.validation.single_layer import read_rows

PER_LAYER = 0.20
MACHINE = load_hardware(
    "dpu-b4096", ["cores=1", *AT_300_MHZ, "buffers.activation_residency=false", "controller.start_cycles=0"]
)


def compare() -> Comparison:
    """Milliseconds of each layer; those of the sum of all of them in the last line."""
    columns = ("layer", "measured, ms", "model, ms", "error", "DRAM, measured, MB", "DRAM, model, MB")
    table = [f"| {' | '.join(columns)} |", "|---|---|---|---|---|---|"]
    errors, total, modelled_total = [], 0.0, 0.0
    for row in read_rows("dpu_layers.csv"):
        measured = float(row["milliseconds"]) - START_MICROSECONDS / 1e3
        megabytes = sum(float(row[part]) for part in ("weights_mib", "loaded_mib", "stored_mib")) * 2**20 / 1e6
        modelled, moved = _modelled(row)
        errors.append(modelled / measured - 1)
        total, modelled_total = total + measured, modelled_total + modelled
        cells = (row["layer"], f"{measured:.3f}", f"{modelled:.3f}", f"{errors[-1]:+.0%}", f"{megabytes:.2f}")
        table.append(f"| {' | '.join(cells)} | {moved:.2f} |")
    table.append(f"| all | {total:.2f} | {modelled_total:.2f} | {modelled_total / total - 1:+.1%} | | |")
    near = sum(abs(error) <= PER_LAYER for error in errors)
    table += ["", f"Within {PER_LAYER:.0%}: {near} of {len(errors)} layers.".replace("%", " %")]
    return Comparison("dpu-layers", "Xilinx DPU, time of a ResNet-50 layer", "a profile of one core", errors, table)


def _modelled(row: dict[str, str]) -> tuple[float, float]:
    """Milliseconds and MB of a layer alone. What it adds is made by another layer, whose run is taken off."""
    channels, outputs, kernel, stride, size = (
        int(row[key]) for key in ("channels", "outputs", "kernel", "stride", "size")
    )
    layer: dict[str, Any] = {"name": "layer", "kind": "conv2d", "input": "image", "out_channels": outputs}
    layer |= {"kernel": kernel, "stride": stride, "padding": kernel // 2, "post": ["relu"]}
    shape = [channels, size * stride, size * stride]
    if row["layer"] == "conv1":
        layer["post"] += [{"max_pool": {"kernel": 3, "stride": 2, "padding": 1}}]
    if not int(row["adds"]):
        return _time_and_traffic(_run(shape, [layer]))
    shortcut = {"name": "shortcut", "kind": "conv2d", "input": "image", "out_channels": outputs, "kernel": 1}
    layer["post"] = [{"add": "shortcut"}, "relu"]
    both, without = (_time_and_traffic(_run(shape, layers)) for layers in ([shortcut, layer], [shortcut]))
    return both[0] - without[0], both[1] - without[1]


def _run(shape: list[int], layers: list[dict[str, Any]]) -> Totals:
    file = {"name": "single", "input": {"name": "image", "shape": shape}, "layers": layers}
    workload = parse_workload(json.dumps(file))
    precision = uniform_precision(workload, "int8")
    codes = tensor_format("int8", signed=True, where="tensors")  # also of those that no array layer reads
    return run_network(workload, MACHINE, replace(precision, tensors=dict.fromkeys(precision.tensors, codes))).totals


def _time_and_traffic(totals: Totals) -> tuple[float, float]:
    return 1e3 * totals.seconds, (totals.dram_read_bytes + totals.dram_write_bytes) / 1e6
