"""Where an address lies in a DRAM: channel, bank group, bank and row."""

from __future__ import annotations

from collections.abc import Iterable

from accelsim.config.dram import DramPreset
from accelsim.units import cut_at_multiples

#: Channel, row, bank within its group, and the bank group of the first burst. A plain tuple, as each chunk has one.
Location = tuple[int, int, int, int]
_FIELDS = ("channel", "row", "bank", "bank_group")


class AddressMap:
    """Splits addresses as the preset's `address_map` says; an address beyond the last row starts again at the first.

    All bytes of a *block*, `block_bytes` long, are in one channel, bank and row; where bank groups are interleaved,
    consecutive bursts of a block go round the groups.
    """

    def __init__(self, preset: DramPreset, channels: int) -> None:
        self.block_bytes, self._burst_bytes = preset.block_bytes, preset.burst_bytes
        sizes = {
            "row": preset.rows,
            "bank": preset.banks_per_group,
            "bank_group": preset.bank_groups,
            "channel": channels,
        }
        fields = {}
        if preset.interleaves_bank_groups:
            fields["bank_group"] = (preset.burst_bytes, preset.bank_groups)
        stride_bytes = preset.block_bytes
        for name in reversed(preset.address_map[: preset.address_map.index("column")]):
            fields[name] = (stride_bytes, sizes[name])
            stride_bytes *= sizes[name]
        #: Stride in bytes and number of each field of a Location, one after the other.
        self._strides = tuple(number for name in _FIELDS for number in fields[name])

    def chunks(self, address: int, size_bytes: int) -> Iterable[tuple[Location, int, int]]:
        """Place, bursts and bytes of the part of a range in each block that it touches."""
        burst = self._burst_bytes
        if address % self.block_bytes + size_bytes <= self.block_bytes:
            return ((self.locate(address), (address + size_bytes - 1) // burst - address // burst + 1, size_bytes),)
        parts = cut_at_multiples(address, size_bytes, self.block_bytes)
        return [chunk for part in parts for chunk in self.chunks(*part)]

    def locate(self, address: int) -> Location:
        """The place of the burst that holds the byte at `address`."""
        channel, channels, row, rows, bank, banks, group, groups = self._strides
        return address // channel % channels, address // row % rows, address // bank % banks, address // group % groups
