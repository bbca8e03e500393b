"""Where trained weights lie in DRAM: tile after tile in the order of use, with the outputs' parameters and scales."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.mapping.layout import Run
from accelsim.mapping.problem import TilingProblem
from accelsim.mapping.ranges import Range, cut, extent, split
from accelsim.mapping.tiles import Tiling
from accelsim.units import bits_to_bytes


@dataclass(frozen=True, slots=True)
class WeightTile:
    """The weights of some groups, outputs and input channels: bytes of codes, of parameters and of scales at `address`.

    Its codes are bits `first_bit` to `end_bit` of the stream of a core's share of the layer; where they do not start on
    a byte, the first of them lie in the byte at `shared_address`, which came with a tile before. Parameters and scales
    are those of the outputs from `first_output` on, counted over all groups of the layer, and come with the first
    channels.
    """

    groups: Range
    outputs: Range
    channels: Range
    address: int
    shared_address: int
    first_bit: int
    end_bit: int
    first_output: int
    parameter_bytes: int
    scale_bytes: int

    @property
    def results(self) -> int:
        """Outputs of all its groups."""
        return extent(self.groups) * extent(self.outputs)

    @property
    def code_bytes(self) -> int:
        """Bytes of codes that come with this tile."""
        return bits_to_bytes(self.end_bit) - bits_to_bytes(self.first_bit)

    @property
    def run(self) -> Run:
        """The bytes that the weight DMA fetches."""
        return Run(self.address, self.code_bytes + self.parameter_bytes + self.scale_bytes)


def place_weights(problem: TilingProblem, tiling: Tiling, address: int) -> dict[tuple[Range, Range, Range], WeightTile]:
    """The tiles of a share of a layer from `address` on, by group, output and channel range."""
    tiles: dict[tuple[Range, Range, Range], WeightTile] = {}
    bits, done = 0, problem.first_output
    last_code_address = address
    for groups in cut(problem.share.groups, tiling.groups):
        for outputs in cut(problem.share.outputs, tiling.outputs):
            for channels in split(problem.channels, tiling.channels):
                results = extent(groups) * extent(outputs)
                end_bit = bits + results * extent(channels) * problem.kernel_area * problem.weight_bits
                first = channels[0] == 0
                scale_bytes = problem.scale_bytes_before(done + results) - problem.scale_bytes_before(done)
                tile = WeightTile(
                    groups,
                    outputs,
                    channels,
                    address,
                    last_code_address,
                    bits,
                    end_bit,
                    first_output=done,
                    parameter_bytes=results * problem.parameter_bytes if first else 0,
                    scale_bytes=scale_bytes if first else 0,
                )
                tiles[groups, outputs, channels] = tile
                if tile.code_bytes:
                    last_code_address = address + tile.code_bytes - 1
                address, bits = sum(tile.run), end_bit
            done += results
    return tiles
