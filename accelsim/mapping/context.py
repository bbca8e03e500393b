"""What the plan of one layer reads from the rest of the network."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

from accelsim.config.hardware import Hardware
from accelsim.mapping.layout import TensorLayout
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Layer, Workload


@dataclass(frozen=True, slots=True)
class PlanContext:
    """The network, the machine, where everything lies in DRAM, and which tensors stay on chip."""

    workload: Workload
    hardware: Hardware
    precision: Precision
    layouts: dict[str, TensorLayout]
    parameter_address: int
    resident: Set[str]
    freed_bytes: int

    def resident_bytes(self, tensor: str) -> int:
        """Bytes that a tensor takes of the input buffer while it lives."""
        return self.layouts[tensor].size_bytes if tensor in self.resident else 0


def rows_after_pooling(layer: Layer) -> Callable[[int], int]:
    """How many rows of the output tensor are complete once the first r rows of the raw output are.

    A pooling window needs its last row (clipped at the tensor's edge); the rows it shares with the next window wait in
    the vector unit's line buffer. Global pooling gives its one row at the very end.
    """
    stages: list[Callable[[int], int]] = []
    height, width = layer.raw_shape[1:]
    for op in layer.post:
        if op.kind == "global_avg_pool":
            stages.append(lambda rows, height=height: int(rows == height))  # type: ignore[misc]
            height = width = 1
        elif op.window is not None:
            out_height, width = op.window.output_size(height, width)
            ends = [
                min(row * op.window.stride[0] - op.window.padding[0] + op.window.kernel[0], height)
                for row in range(out_height)
            ]
            stages.append(lambda rows, ends=ends: sum(end <= rows for end in ends))  # type: ignore[misc]
            height = out_height

    def complete(rows: int) -> int:
        for stage in stages:
            rows = stage(rows)
        return rows

    return complete
