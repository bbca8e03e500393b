"""Tiles of real functional runs, for the Verilog to repeat: codes that go into the array, sums that come out of it."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from accelsim.config.presets import load_hardware
from accelsim.functional import machine
from accelsim.functional.array import tile_sums
from accelsim.functional.faults import Faults
from accelsim.functional.network import network_numbers
from accelsim.functional.tile_codes import Codes
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.schedule import Schedule
from accelsim.simulation import run_network
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Layer, Window
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from quant import get_format
from quant.reference.draw import drawn
from quant.reference.sums import Integers, Sums, fixed_point

#: The first layer's input is signed, the others' unsigned. Strides, padding, folds at the edge of 4 x 3 PEs.
NETWORK = """
name: net
input: {name: image, shape: [3, 7, 6]}
layers:
  - {name: a, kind: conv2d, input: image, out_channels: 9, kernel: 3, stride: 2, padding: 1, post: [bias, relu]}
  - {name: b, kind: conv2d, input: a, out_channels: 14, kernel: 2, post: [bias, relu]}
  - {name: fc, kind: linear, input: b, view: flatten, out_channels: 5, post: [bias]}
"""
WIDTHS = [*product((2, 4, 8), repeat=2), (3, 6), (5, 3)]
"""Weights and activations: every mode of the PE, and formats that run in the next wider one."""

#: Of one tile: `weights` codes [reduction, outputs], `inputs` codes [pixels, reduction], `sums` [pixels, outputs] in
#: units of the functional run, `formats` (bits of weights, signed, bits of inputs, signed).
Tile = dict[str, npt.NDArray[Any]]


def write_tiles(path: Path, rows: int, cols: int) -> int:
    """Every tile of the network at each of WIDTHS on rows x cols PEs, as NUMBER.NAME of an .npz file; their count."""
    tiles = [tile for weight_bits, input_bits in WIDTHS for tile in run_tiles(weight_bits, input_bits, rows, cols)]
    np.savez(path, **{f"{number}.{name}": array for number, tile in enumerate(tiles) for name, array in tile.items()})
    return len(tiles)


def run_tiles(weight_bits: int, input_bits: int, rows: int, cols: int) -> list[Tile]:
    """A functional run, and every multiplication that its array does."""
    workload = parse_workload(NETWORK)
    hardware = load_hardware("zcu102", [f"array.rows={rows}", f"array.cols={cols}"])
    precision = resolve_precision(workload, f"w{weight_bits}a{input_bits}")
    images = drawn("image", (1, *workload.input_shape), seed=1)
    numbers = network_numbers(workload, precision, None, images)
    decoded, tiles = _Decoded(), []

    def values(schedule: Schedule) -> machine.FunctionalMachine:
        where = memory_map(workload, hardware, precision)
        bits = hardware.array.accumulator_bits
        return machine.FunctionalMachine(schedule, where, numbers.values, images, accumulator_bits=bits, faults=decoded)

    def noted(layer: Layer, weights: Integers, inputs: Integers) -> Sums:
        sums = tile_sums(layer, weights, inputs)
        tiles.append(_tile(layer, precision, decoded.codes, weights, inputs, sums))
        return sums

    with patch.object(machine, "tile_sums", noted):
        run_network(workload, hardware, precision, values=values)
    return tiles


class _Decoded(Faults):
    """No faults, but the last codes of each operand on their way into the array."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, Codes] = {}

    def decoded(self, codes: Codes, bits: int, operand: str, layer: str, cycle: int) -> Codes:
        self.codes[operand] = codes
        return codes


def _tile(
    layer: Layer, precision: Precision, codes: dict[str, Codes], weights: Integers, inputs: Integers, sums: Sums
) -> Tile:
    """The matrix product that a tile of a convolution is, image 0, one group."""
    formats = precision.weights[layer.name], precision.tensors[layer.inputs[0]]
    for name, integers, of in zip(("weights", "inputs"), (weights, inputs), formats, strict=True):
        table = fixed_point(get_format(of.name, of.signed)).integers
        np.testing.assert_array_equal(table[codes[name]], integers)  # these codes are what the array multiplied
    window = layer.window or Window((1, 1), (1, 1), (0, 0))
    kernel = codes["weights"][:, :, 0, 0].transpose(3, 0, 1, 2)  # [channels, kernel height, kernel width, outputs]
    views = np.lib.stride_tricks.sliding_window_view(codes["inputs"][0, 0], window.kernel, axis=(1, 2))
    under = views[:, :: window.stride[0], :: window.stride[1]].transpose(1, 2, 0, 3, 4)
    return {
        "weights": kernel.reshape(-1, kernel.shape[3]),
        "inputs": under.reshape(under.shape[0] * under.shape[1], -1),
        "sums": sums[0].reshape(kernel.shape[3], -1).T,
        "formats": np.array([(of.bits, of.signed) for of in formats]).reshape(-1),
    }
