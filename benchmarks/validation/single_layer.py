"""One layer alone on a machine, as the published models take layers: everything comes from DRAM and goes back to it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from accelsim.config.hardware import Hardware
from accelsim.result import LayerResult
from accelsim.simulation import run_network
from accelsim.workload.formats import tensor_format
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class SingleLayer:
    """A convolution with square kernel and output; `kernel` and `size` (rows and columns of the output) 1: a product.

    The network format has one image. A batch stands as that many times the rows, padding as part of the input; the
    multiply-accumulates are those of the batch, the input rows of neighbouring images overlap by the kernel less one.
    The pixels of a product are rows of their own, so that tiles may cut anywhere.
    """

    channels: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    size: int = 1
    batch: int = 1
    groups: int = 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the batch."""
        return self.batch * self.size**2 * self.kernel**2 * self.channels // self.groups * self.outputs

    @property
    def workload(self) -> Workload:
        """A network of this layer only."""
        if self.kernel == self.stride == 1:
            rows, cols = self.batch * self.size**2, 1
        else:
            rows, cols = ((size - 1) * self.stride + self.kernel for size in (self.batch * self.size, self.size))
        layer = {"name": "layer", "kind": "conv2d", "input": "image", "out_channels": self.outputs}
        layer |= {"kernel": self.kernel, "stride": self.stride, "groups": self.groups}
        file = {"name": "single", "input": {"name": "image", "shape": [self.channels, rows, cols]}, "layers": [layer]}
        return parse_workload(json.dumps(file))


@cache
def run_layer(layer: SingleLayer, hardware: Hardware, bits: str, result: str) -> LayerResult:
    """The layer on the machine at `bits`, a precision such as `w4a8` or one format; `result` is its output's."""
    workload = layer.workload
    uniform = not bits.startswith("w")
    precision = uniform_precision(workload, bits) if uniform else resolve_precision(workload, bits)
    output = tensor_format(result, signed=True, where="result")
    precision = replace(precision, tensors={**precision.tensors, "layer": output})
    return run_network(workload, hardware, precision).layers[0]


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a file of `data/`."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
