"""Random networks on random machines, planned: whatever shapes, strides, widths and buffers may come to be."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from accelsim.config.hardware import Hardware
from accelsim.errors import MappingError
from accelsim.mapping.planner import plan_network
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.tiles import Memory
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Shape, Window, Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision

MEMORY = Memory(bytes_per_cycle=16.0, latency_cycles=20)
BITS = ("w4a4", "w8a8", "w2a3", "w5a2", "fp32")


@st.composite
def windows(draw: st.DrawFn, shape: Shape) -> dict[str, int]:
    """A square window that fits the tensor, strides that leap over rows and wide padding included."""
    kernel = draw(st.integers(1, min(5, shape[1], shape[2])))
    return {"kernel": kernel, "stride": draw(st.integers(1, 4)), "padding": draw(st.integers(0, kernel - 1))}


def windowed(channels: int, shape: Shape, window: dict[str, int]) -> Shape:
    square = Window(*((window[key], window[key]) for key in ("kernel", "stride", "padding")))
    return (channels, *square.output_size(*shape[1:]))


@st.composite
def convolutional(draw: st.DrawFn) -> dict[str, Any]:
    """Convolutions, some grouped or depthwise, pools, residual adds, concatenations, and a classifier at the end."""
    shapes: dict[str, Shape] = {"image": (draw(st.integers(1, 70)), draw(st.integers(1, 20)), draw(st.integers(1, 20)))}
    layers: list[dict[str, Any]] = []
    parts: set[str] = set()
    for index in range(draw(st.integers(1, 5))):
        name, source = f"layer{index}", draw(st.sampled_from(sorted(shapes)))
        shape = shapes[source]
        fitting = sorted({other for other in shapes if shapes[other][1:] == shape[1:]} - parts - {source})
        if fitting and source not in parts and draw(st.booleans()):
            others = draw(st.lists(st.sampled_from(fitting), min_size=1, unique=True))
            layers.append({"name": name, "kind": "concat", "input": source, "others": others})
            parts.update(others, [source])
            shapes[name] = (sum(shapes[part][0] for part in (source, *others)), *shape[1:])
            continue
        window = draw(windows(shape))
        if draw(st.integers(0, 4)) == 0:
            mode = draw(st.sampled_from(("max", "avg")))
            layers.append({"name": name, "kind": "pool", "mode": mode, "input": source, **window})
            shapes[name] = windowed(shape[0], shape, window)
            continue
        groups = draw(st.sampled_from([groups for groups in (1, 2, 3, shape[0]) if shape[0] % groups == 0]))
        channels = groups * draw(st.integers(1, 70 if groups == 1 else 3))
        raw = windowed(channels, shape, window)
        post, shape = draw(post_operations(raw, shapes))
        layers.append(
            {"name": name, "kind": "conv2d", "input": source, "out_channels": channels, "groups": groups, "post": post}
            | window
        )
        shapes[name] = shape
    if draw(st.booleans()):
        source = layers[-1]["name"]
        layers.append({"name": "fc", "kind": "linear", "input": source, "out_channels": 10, "view": "flatten"})
    return {"name": "net", "input": {"shape": shapes["image"]}, "layers": layers}


@st.composite
def post_operations(draw: st.DrawFn, shape: Shape, shapes: dict[str, Shape]) -> tuple[list[Any], Shape]:
    """A residual add before or behind a pool, where a tensor of the right shape is at hand."""
    post: list[Any] = ["batch_norm", "relu"]
    for kind in draw(st.permutations(("add", "pool"))):
        equal = [name for name, other in shapes.items() if other == shape]
        if kind == "add" and equal:
            post.append({"add": draw(st.sampled_from(equal))})
        elif kind == "pool" and draw(st.booleans()):
            window = draw(windows(shape))
            post.append({draw(st.sampled_from(("max_pool", "avg_pool"))): window})
            shape = windowed(shape[0], shape, window)
    if draw(st.integers(0, 3)) == 0:
        post.append("global_avg_pool")
        shape = (shape[0], 1, 1)
    return post, shape


@st.composite
def attention(draw: st.DrawFn) -> dict[str, Any]:
    """One attention block on an image cut into tokens, read out at the class token."""
    heads, side = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    features = heads * draw(st.integers(1, 40))

    def linear(name: str, source: str, **keys: Any) -> dict[str, Any]:
        return {"name": name, "kind": "linear", "input": source, "out_channels": features, **keys}

    return {
        "name": "net",
        "input": {"shape": [features, side, side]},
        "layers": [
            {"name": "tokens", "kind": "class_token", "input": "image"},
            {"name": "norm", "kind": "layer_norm", "input": "tokens"},
            linear("q", "norm"),
            linear("k", "norm"),
            linear("v", "norm"),
            {"name": "scores", "kind": "matmul", "input": "q", "other": "k", "heads": heads, "transpose_other": True},
            {"name": "softmax", "kind": "softmax", "input": "scores", "heads": heads},
            {"name": "context", "kind": "matmul", "input": "softmax", "other": "v", "heads": heads},
            linear("proj", "context", post=["bias", {"add": "tokens"}]),
            {"name": "sum", "kind": "add", "input": "proj", "other": "tokens"},
            linear("head", "sum", view="first_token"),
        ],
    }


networks = (convolutional() | attention()).map(json.dumps)


@st.composite
def machines(draw: st.DrawFn) -> Hardware:
    """Small arrays and buffers, so that tiles are many and tight; some of several cores that share an image."""
    edge = st.sampled_from((1, 4, 12, 16, 48, 64))
    buffer = st.sampled_from((300, 1_000, 4_000, 30_000, 200_000))
    array = {
        "rows": draw(edge),
        "cols": draw(edge),
        "dataflow": draw(st.sampled_from(("ws", "os", "is", "dot"))),
        "shadow_registers": draw(st.booleans()),
        "accumulator_bits": draw(st.sampled_from((16, 32))),
    }
    if array["dataflow"] == "dot":
        dot = {"pixels": draw(st.sampled_from((1, 8))), "depthwise_pixels": draw(st.sampled_from((None, 4)))}
        array["dot"] = dot | {"packed_channels": draw(st.sampled_from((None, 32)))}
    vector = {key: draw(st.sampled_from((None, 4))) for key in ("add_lanes", "pool_lanes")}
    buffers = {f"{name}_bytes": draw(buffer) for name in ("weight", "input", "output")}
    buffers |= {"ping_pong": draw(st.booleans()), "activation_residency": draw(st.booleans())}
    cores = draw(st.sampled_from((1, 1, 2, 3, 4)))
    return Hardware.model_validate(
        {
            "name": "machine",
            "clock_hz": 10**9,
            "cores": cores,
            "cores_per_image": cores,
            "array": array,
            "buffers": buffers,
            "vector": {"lanes": 16, **vector},
            "dram": {"preset": "ideal"},
        }
    )


@dataclass(frozen=True, repr=False)
class Case:
    """A network, a machine that it fits, a precision, and the schedule; written as what is needed to see it again."""

    text: str
    bits: str
    hardware: Hardware
    workload: Workload
    precision: Precision
    schedule: Schedule

    def __repr__(self) -> str:
        return f"{self.text} at {self.bits}, scales {self.precision.scale_bytes}, on {self.hardware!r}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    text, hardware, bits = draw(networks), draw(machines()), draw(st.sampled_from(BITS))
    workload = parse_workload(text)
    precision = uniform_precision(workload, bits) if bits == "fp32" else resolve_precision(workload, bits)
    precision = replace(precision, scale_bytes=draw(scales(workload)))
    try:
        schedule = plan_network(workload, hardware, precision, MEMORY)
    except MappingError:
        reject()
    return Case(text, bits, hardware, workload, precision, schedule)


@st.composite
def scales(draw: st.DrawFn, workload: Workload) -> dict[str, int]:
    """Bytes of the weights' scales by layer: none at all, one for the tensor, some for each output, or any number."""
    if not draw(st.booleans()):
        return {}
    layers = [layer for layer in workload.layers if layer.weight_elements]
    counts = {layer.name: st.sampled_from((1, layer.raw_shape[0], 3 * layer.raw_shape[0])) for layer in layers}
    return {name: draw(count.map(lambda scales: 4 * scales) | st.integers(0, 99)) for name, count in counts.items()}
