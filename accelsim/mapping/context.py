"""What the plan of one layer reads from the rest of the network."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.config.hardware import Hardware
from accelsim.mapping.layout import TensorLayout
from accelsim.workload.formats import Precision


@dataclass(frozen=True, slots=True)
class PlanContext:
    """The machine, the formats, where everything lies in DRAM, and which tensors stay on chip."""

    hardware: Hardware
    precision: Precision
    layouts: dict[str, TensorLayout]
    parameter_address: int
    resident: frozenset[str]
    freed_bytes: int

    def resident_bytes(self, tensor: str) -> int:
        """Bytes that a layer's result takes of the input buffer while it lives."""
        return self.layouts[tensor].size_bytes if tensor in self.resident else 0
