"""The numbers of docs/timing-model.md are those of the code: each example is computed, and stands on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from accelsim.analytic.area import iso_area_fp32_array
from accelsim.analytic.compute import array_cycles, array_shape
from accelsim.analytic.decode import decode_cycles
from accelsim.analytic.vector import lane_elements, passes_of, vector_cycles
from accelsim.config.hardware import ArrayConfig, Dataflow, Fusion, VectorConfig
from accelsim.config.presets import load_dram, load_hardware
from accelsim.hw.dram.address_map import AddressMap
from accelsim.hw.dram.bank import Request
from accelsim.hw.dram.channel import DramChannel
from accelsim.simulation import plan_run, run_network
from accelsim.units import ceil_div, picoseconds_to_cycles
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision

PAGE = re.sub(r"\s+", " ", (Path(__file__).parents[2] / "docs" / "timing-model.md").read_text(encoding="utf-8"))
CONVOLUTION = Gemm(groups=1, pixels=3136, reduction=576, outputs=64)
DEPTHWISE = Gemm(groups=96, pixels=784, reduction=9, outputs=1)
ADDED = "kind: conv2d, out_channels: 64, kernel: 1, post: [{add: x}]"
POOLED = "kind: conv2d, out_channels: 64, kernel: 1, post: [{max_pool: {kernel: 3, stride: 2, padding: 1}}]"
ROWS = [(row * 8192, 128) for row in range(9)]
VECTOR = VectorConfig(lanes=64, latency_cycles=16)


def dram(*chunks: tuple[int, int]) -> int:
    """When the last of some (address, bursts) reads that arrive together at clock 0 is done."""
    preset = load_dram("ddr4-2400")
    channel, places, requests = DramChannel(preset), AddressMap(preset, 1), [Request() for _ in chunks]
    for (address, bursts), request in zip(chunks, requests, strict=True):
        channel.submit(0, places.locate(address), bursts, False, request)
    channel.advance()
    return requests[-1].finished


def array(
    tile: Gemm, bits: int = 8, dataflow: Dataflow = "ws", fusion: Fusion = "pipelined", *, shadow_registers: bool
) -> int:
    config = ArrayConfig(rows=32, cols=32, dataflow=dataflow, fusion=fusion, shadow_registers=shadow_registers)
    shape = array_shape(config, bits, bits)
    return array_cycles(tile, shape, dataflow, shadow_registers=shadow_registers).total


def dot(tile: Gemm, preset: str = "dpu-b4096", bits: int = 8) -> int:
    shape = array_shape(load_hardware(preset).array, bits, bits)
    return array_cycles(tile, shape, "dot", shadow_registers=True).total


def dpu_vector_unit(layer: str) -> int:
    """Cycles of the first layer of a network on 64 channels of 112 x 112, as one tile."""
    text = f"name: net\ninput: {{name: x, shape: [64, 112, 112]}}\nlayers: [{{name: a, input: x, {layer}}}]"
    found = parse_workload(text).layers[0]
    vector = load_hardware("dpu-b4096").vector
    return vector_cycles(lane_elements(found), passes_of(found, vector), vector)


def iso_area() -> str:
    machine = iso_area_fp32_array(load_hardware("zcu102"))
    return f"{machine.rows} x {machine.cols}"


def scaled_weight_bytes() -> int:
    """What the weight DMA reads for 5 outputs of 27 weights at 3 bits with a scale each."""
    layer = "{name: a, kind: conv2d, input: x, out_channels: 5, kernel: 3}"
    workload = parse_workload(f"name: net\ninput: {{name: x, shape: [3, 5, 5]}}\nlayers: [{layer}]")
    precision = replace(resolve_precision(workload, "w3a3"), scale_bytes={"a": 4 * 5})
    statistics = run_network(workload, load_hardware("zcu102"), precision).statistics
    return int(statistics["core0"]["weight_dma"]["read_bytes"])


def split(layer: str, shape: str, bits: str, cores: int) -> tuple[int, int]:
    """Bytes that the cores read of a layer together, and the array's cycles on the first of them."""
    workload = parse_workload(
        f"name: net\ninput: {{name: x, shape: {shape}}}\nlayers: [{{name: a, input: x, {layer}}}]"
    )
    overrides = [f"cores={cores}", f"cores_per_image={cores}", "buffers.output_bytes=4194304"]
    machine = load_hardware("zcu102", overrides)
    plans = plan_run(workload, machine, resolve_precision(workload, bits)).plans
    tiles, shape_of_array = [step.tile for step in plans[0].steps], plans[0].shape
    assert shape_of_array is not None
    cycles = [array_cycles(tile, shape_of_array, "ws", shadow_registers=True).total for tile in tiles]
    return sum(plan.traffic.read_bytes for plan in plans), sum(cycles)


SPLIT_ROWS = ("kind: conv2d, out_channels: 64, kernel: 3, padding: 1", "[64, 56, 56]", "w4a4", 2)
SPLIT_CHANNELS = ("kind: conv2d, out_channels: 512, kernel: 1", "[2048, 7, 7]", "w8a8", 4)
EXAMPLES: dict[str, tuple[Callable[[], object], str]] = {
    "clock crossing": (lambda: picoseconds_to_cycles(38 * 937, 300_000_000), "done in cycle 11."),
    "a burst": (lambda: dram((0, 1)), "data until 17 + 17 + 4 = **38**"),
    "a row": (lambda: dram((0, 128)), "data until 779 + 21 = **800**"),
    "the next row": (lambda: dram((0, 128), (8192, 128)), "data until **1423**"),
    "a stream": (lambda: (dram(*ROWS[:9]) - dram(*ROWS[:5])) // 4, "= **623** clocks for 128 bursts"),
    "a conflict": (lambda: dram((0, 16), (2**30, 16)), "data until **261**"),
    "interconnect": (lambda: picoseconds_to_cycles(882 * 937, 300_000_000), "ceil(882 * 0.2811) = **248**"),
    "buffer port": (lambda: ceil_div(4096, 16), "4096 / 16 = **256** cycles"),
    "decoder": (lambda: decode_cycles(4096, 2, 32, 2), "2 + 4096 / (2 * 32) = **66** cycles"),
    "array": (lambda: array(CONVOLUTION, 8, shadow_registers=False), "**116 280** cycles"),
    "shadow registers": (lambda: array(CONVOLUTION, 8, shadow_registers=True), "= **112 990**"),
    "output-stationary": (lambda: array(CONVOLUTION, 8, "os", shadow_registers=False), "**125 048**"),
    "input-stationary": (lambda: array(CONVOLUTION, 8, "is", shadow_registers=False), "**278 712**"),
    "short stream": (lambda: array(Gemm(1, 10, 64, 64), shadow_registers=True), "10 + 62 = **200**"),
    "w4a4": (lambda: array(CONVOLUTION, 4, shadow_registers=True), "= **28 414**"),
    "fused within a cycle": (lambda: array(CONVOLUTION, 4, "ws", "combinational", shadow_registers=True), "**28 350**"),
    "depthwise": (lambda: array(DEPTHWISE, 8, shadow_registers=True), "= **25 182** cycles"),
    "dot products": (lambda: dot(Gemm(1, 3136, 576, 64, 56, (3, 3))), "+ 4 = **56 452** cycles"),
    "fused in the reduction": (lambda: dot(Gemm(1, 3136, 576, 64, 56, (3, 3)), "bitfusion", 4), "= **56 454** cycles"),
    "narrow rows": (lambda: dot(Gemm(1, 49, 2048, 512, 7)), "+ 4 = **28 676**"),
    "packed channels": (lambda: dot(Gemm(1, 12544, 147, 64, 112, (7, 7))), "+ 4 = **87 812**"),
    "depthwise dot products": (lambda: dot(Gemm(96, 784, 9, 1, 28, (3, 3))), "+ 4 = **10 588**"),
    "a sum of its own": (lambda: dpu_vector_unit(ADDED), "= **56 464** cycles"),
    "a pool of its own": (lambda: dpu_vector_unit(POOLED), "= **34 512**"),
    "core's ports": (lambda: ceil_div(256, 32), "256 / 32 = **8** cycles through its core's"),
    "scales": (scaled_weight_bytes, "40 of parameters, **111** in all"),
    "split by rows": (lambda: split(*SPLIT_ROWS)[0], "= **141 824** bytes"),
    "half of the rows": (lambda: split(*SPLIT_ROWS)[1], "= **14 302** cycles"),
    "split by channels": (lambda: split(*SPLIT_CHANNELS)[0], "four times, **1 454 080**"),
    "vector unit": (lambda: vector_cycles(3136 * 64, 1, VECTOR), "16 + 3136 = **3152** cycles"),
    "softmax": (lambda: vector_cycles(3136 * 64, 3, VECTOR), "16 + 3 * 3136 = 9424"),
    "iso-area": (iso_area, "1237 FP32 PEs: 35 x 35"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_and_the_code_agree(name: str) -> None:
    compute, words = EXAMPLES[name]
    assert words in PAGE
    stated = re.sub(r"[*.]|(?<=\d) (?=\d{3}\b)", "", words)
    assert re.search(rf"(?<![\d]){re.escape(str(compute()))}(?!\d)", stated)
