"""Synthetic results in the shape of a ResNet-50 run, so that the report is tested without a simulation.

The machine: 32x32 PEs at 300 MHz with 17.064 GB/s of DRAM (56.88 bytes a cycle). A layer's window is the larger
of its compute and its DRAM time (at two fifths of the peak), and some more; waits fill the rest of its breakdown.
"""

from __future__ import annotations

from typing import Any

import pytest

from accelsim.result import CAUSES, LayerResult, Result
from accelsim.units import ceil_div
from tests.unit.report.by_hand import layer, result

CLOCK_HZ = 300_000_000
PEAK_BYTES_PER_SECOND = 17.064e9
PHYSICAL_PES = 32 * 32
Spec = tuple[str, str, int, int, int, int]  # name, kind, output pixels, reduction, outputs, input elements


def resnet50_specs() -> list[Spec]:
    """The 53 convolutions and the linear layer of ResNet-50 at 224x224, named as torchvision names them."""
    specs: list[Spec] = [("conv1", "conv2d", 112 * 112, 3 * 49, 64, 3 * 224 * 224)]
    channels, size = 64, 56
    for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], start=1):
        for block in range(blocks):
            name, before = f"layer{stage}.{block}", size
            size = size // 2 if block == 0 and stage > 1 else size
            specs += [
                (f"{name}.conv1", "conv2d", before**2, channels, width, channels * before**2),
                (f"{name}.conv2", "conv2d", size**2, 9 * width, width, width * before**2),
                (f"{name}.conv3", "conv2d", size**2, width, 4 * width, width * size**2),
            ]
            if block == 0:
                specs.append((f"{name}.downsample.0", "conv2d", size**2, channels, 4 * width, channels * before**2))
            channels = 4 * width
    return [*specs, ("fc", "linear", 1, 2048, 1000, 2048)]


def _breakdown(cycles: int, busy: int, fill: int, index: int, bits: int) -> dict[str, int]:
    """Cycles by cause: what is neither computing nor filling waits, mostly for weights; narrow codes also decode."""
    rest = cycles - busy - fill
    waits = {
        "wait_inputs": rest // (3 + index % 4),
        "wait_output_space": rest // 9,
        "wait_vector_unit": rest // (2 if index % 11 == 5 else 12),
        "wait_decoder": rest // 10 if bits < 8 else 0,
        "idle": rest // 50,
    }
    split = {"computing": busy, "fill_drain": fill, **waits, "wait_weights": rest - sum(waits.values())}
    return {cause: split[cause] for cause in CAUSES}


def _bound(split: dict[str, int]) -> str:
    groups = {
        "compute": split["computing"],
        "fill_drain": split["fill_drain"],
        "decoder": split["wait_decoder"],
        "dram": split["wait_weights"] + split["wait_inputs"] + split["wait_output_space"],
        "vector_unit": split["wait_vector_unit"],
        "idle": split["idle"],
    }
    return max(groups, key=lambda name: groups[name])


def _layer(spec: Spec, index: int, start: int, bits: int) -> LayerResult:
    name, kind, pixels, reduction, outputs, input_elements = spec
    peak = PHYSICAL_PES if bits == 32 else PHYSICAL_PES * (8 // bits) ** 2
    weight_bytes, macs = reduction * outputs * bits // 8, pixels * reduction * outputs
    passes = ceil_div(outputs, 256)  # inputs are read again for every 256 output channels
    read, write = weight_bytes + passes * input_elements * bits // 8, pixels * outputs * bits // 8
    busy, fill = ceil_div(macs, peak), 300 + 60 * (index % 7)
    memory = ceil_div((read + write) * CLOCK_HZ, int(PEAK_BYTES_PER_SECOND))
    cycles = max(busy + fill, memory * 5 // 2) + busy // (4 + index % 5)
    split = _breakdown(cycles, busy, fill, index, bits)
    number_format = "fp32" if bits == 32 else f"dybit{bits}"
    return layer(
        name, cycles=cycles, kind=kind, macs=macs, weight_bits=bits, activation_bits=bits, weight_format=number_format,
        activation_format=number_format, output_format=number_format, start_cycle=start, end_cycle=start + cycles,
        compute_cycles=busy + fill, peak_macs_per_cycle=peak, tiles=max(1, read // 65536), weight_bytes=weight_bytes,
        dram_read_bytes=read, dram_write_bytes=write, breakdown=split, bound=_bound(split),
    )  # fmt: skip


def _layers(specs: list[Spec], bits: list[int]) -> list[LayerResult]:
    layers: list[LayerResult] = []
    for index, (spec, width) in enumerate(zip(specs, bits, strict=True)):
        layers.append(_layer(spec, index, layers[-1].end_cycle if layers else 0, width))
    return layers


def build_result(specs: list[Spec], *, baseline: bool = True, **changes: Any) -> Result:
    """A w4a4 run of `specs` whose first and last layer have 8 bits, its FP32 baseline, and any field `changes`."""
    bits = [8 if index in (0, len(specs) - 1) else 4 for index in range(len(specs))]
    machine = {
        "hardware": {"name": "zcu102", "clock_hz": CLOCK_HZ, "array": {"rows": 32, "cols": 32, "dataflow": "ws"}},
        "dram_peak_bytes_per_second": PEAK_BYTES_PER_SECOND,
        "peak_macs_per_cycle": PHYSICAL_PES,
    }
    base = _layers(specs, [32] * len(specs)) if baseline else None
    return result(_layers(specs, bits), base, clock_hz=CLOCK_HZ, **({"workload": "resnet50"} | machine | changes))


@pytest.fixture(scope="session")
def resnet50_result() -> Result:
    """All 54 layers with their FP32 baseline."""
    return build_result(resnet50_specs())


@pytest.fixture(scope="session")
def small_result() -> Result:
    """Four layers: one bound by compute, two by DRAM, and the linear layer."""
    chosen = {"conv1", "layer1.0.conv2", "layer4.0.downsample.0", "fc"}
    return build_result([spec for spec in resnet50_specs() if spec[0] in chosen])


@pytest.fixture(scope="session")
def lone_result() -> Result:
    """Four layers without a baseline."""
    return build_result(resnet50_specs()[:4], baseline=False)
