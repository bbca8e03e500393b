"""Random networks and machines for the properties of whole simulations."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from accelsim.config.hardware import Hardware
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload

DRAMS = ("ddr4-2400", "ddr4-2400-bankgroup-low", "ddr4-2133-zcu102", "lpddr4-3200", "hbm2-1ch")


@st.composite
def networks(draw: st.DrawFn) -> Workload:
    """A chain of 1 to 5 convolutions, some grouped, some with a residual add or a pool, and perhaps a classifier."""
    channels = draw(st.sampled_from([3, 8, 32, 40]))
    size = draw(st.sampled_from([5, 8, 14]))
    lines = [f"input: {{name: image, shape: [{channels}, {size}, {size}]}}", "layers:"]
    before, shape = "image", (channels, size)
    for index in range(draw(st.integers(1, 5))):
        entry, after = _conv(draw, f"conv{index}", before, shape)
        lines.append(f"  - {entry}")
        before, shape = f"conv{index}", after
    if draw(st.booleans()):
        lines.append(
            f"  - {{name: fc, kind: linear, input: {before}, view: flatten, out_channels: 10, post: [bias]}}"
        )
    return parse_workload("\n".join(["name: random", *lines]))


def _conv(draw: st.DrawFn, name: str, before: str, shape: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    channels, size = shape
    kernel = draw(st.sampled_from([1, 3])) if size >= 3 else 1
    groups = draw(st.sampled_from([1, channels])) if channels <= 40 else 1
    outputs = channels if groups > 1 else draw(st.sampled_from([8, channels, 72]))
    post = ["batch_norm"]
    if outputs == channels and draw(st.booleans()):
        post.append(f"{{add: {before}}}")
    post.append("relu")
    if size >= 8 and draw(st.booleans()):
        post.append("{max_pool: {kernel: 2, stride: 2}}")
        size //= 2
    text = (
        f"{{name: {name}, kind: conv2d, input: {before}, out_channels: {outputs}, kernel: {kernel}, "
        f"padding: {kernel // 2}, groups: {groups}, post: [{', '.join(post)}]}}"
    )
    return text, (outputs, size)


@st.composite
def machines(draw: st.DrawFn) -> Hardware:
    """Small arrays and buffers on any DRAM, under any arbiter; every network above fits them at 32 bits."""
    kib = 1024
    data: dict[str, Any] = {
        "name": "random",
        "clock_hz": draw(st.sampled_from([100_000_000, 300_000_000, 999_999_937])),
        "cores": draw(st.sampled_from([1, 1, 2])),
        "array": {
            "rows": draw(st.sampled_from([4, 8, 16])),
            "cols": draw(st.sampled_from([4, 16, 32])),
            "dataflow": draw(st.sampled_from(["ws", "os", "is"])),
            "shadow_registers": draw(st.booleans()),
        },
        "decoder": {"lanes": draw(st.sampled_from([None, 1, 8])), "latency_cycles": draw(st.integers(0, 3))},
        "buffers": {
            "weight_bytes": draw(st.sampled_from([24, 64, 256])) * kib,
            "input_bytes": draw(st.sampled_from([24, 64, 256])) * kib,
            "output_bytes": draw(st.sampled_from([24, 64, 256])) * kib,
            "ping_pong": draw(st.booleans()),
            "weight_port_bytes_per_cycle": draw(st.sampled_from([None, 3])),
            "activation_residency": draw(st.booleans()),
        },
        "vector": {"lanes": draw(st.sampled_from([1, 16, 64])), "latency_cycles": draw(st.integers(0, 20))},
        "dma": {
            "outstanding": draw(st.integers(1, 4)),
            "max_burst_bytes": draw(st.sampled_from([64, 1000, 4096])),
        },
        "interconnect": {
            "bytes_per_cycle": draw(st.sampled_from([4, 64])),
            "latency_cycles": draw(st.integers(0, 20)),
            "in_flight_per_channel": draw(st.integers(1, 4)),
            "arbiter": draw(st.sampled_from(["round_robin", "fixed_priority", "weighted", "oldest_first"])),
            "weights": (1, 2, 3),
        },
        "dram": {"preset": draw(st.sampled_from(DRAMS)), "channels": draw(st.sampled_from([1, 2]))},
    }
    return Hardware.model_validate(data)


precisions = st.sampled_from(["w8a8", "w4a4", "w2a8", "w3a5", "w8a2"])
