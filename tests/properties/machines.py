"""Random machines with a real DRAM, for the properties of whole simulations."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from accelsim.config.hardware import Hardware

DRAMS = ("ddr4-2400", "ddr4-2400-bankgroup-low", "ddr4-2133-zcu102", "lpddr4-3200", "hbm2-1ch")


@st.composite
def machines(draw: st.DrawFn) -> Hardware:
    """Small arrays and buffers on any DRAM, under any arbiter; of one core or several, which may share images."""
    kib, cores = 1024, draw(st.sampled_from([1, 1, 1, 2, 2, 4]))
    data: dict[str, Any] = {
        "name": "random",
        "clock_hz": draw(st.sampled_from([100_000_000, 300_000_000, 999_999_937])),
        "cores": cores,
        "cores_per_image": draw(st.sampled_from([1, cores // 2 or 1, cores])),
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
        "controller": {
            "start_cycles": draw(st.sampled_from([0, 0, 500])),
            "overlap": draw(st.sampled_from(["all", "all", "weights", "none"])),
        },
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
