"""Tiles that drive_array.py has measured (tiles.json), as the model sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from accelsim.analytic.compute import ArrayShape, array_cycles, array_shape
from accelsim.config.hardware import ArrayConfig
from accelsim.workload.layers import Gemm


@dataclass(frozen=True, slots=True)
class MeasuredTile:
    """A matrix product, the widths of its operands, the array as they widen it, and the Verilog's cycles."""

    gemm: Gemm
    weight_bits: int
    input_bits: int
    shape: ArrayShape
    cycles: int

    @property
    def modelled_cycles(self) -> int:
        """The closed form's."""
        return array_cycles(self.gemm, self.shape, "ws", shadow_registers=True).total


def measured_tiles(directory: Path, config: ArrayConfig) -> Iterator[MeasuredTile]:
    """The tiles of a run in a directory, on an array of these rows and columns."""
    for tile in json.loads((directory / "tiles.json").read_text(encoding="utf-8")):
        gemm = Gemm(1, tile["pixels"], tile["reduction"], tile["outputs"])
        weight_bits, input_bits = tile["weight_bits"], tile["input_bits"]
        shape = array_shape(config, weight_bits, input_bits)
        yield MeasuredTile(gemm, weight_bits, input_bits, shape, tile["cycles"])
