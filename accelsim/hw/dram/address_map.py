"""Where an address lies in a DRAM: channel, bank group, bank and row."""

from __future__ import annotations

from typing import NamedTuple

from accelsim.config.dram import DramPreset


class Location(NamedTuple):
    """Channel, bank within its group, row, and the bank group of the first burst."""

    channel: int
    bank_group: int
    bank: int
    row: int


class AddressMap:
    """Splits addresses as the preset's `address_map` says; an address beyond the last row starts again at the first.

    All bytes of a *block*, `block_bytes` long, are in one channel, bank and row; where bank groups are interleaved,
    consecutive bursts of a block go round the groups.
    """

    def __init__(self, preset: DramPreset, channels: int) -> None:
        self.block_bytes = preset.block_bytes
        sizes = {
            "row": preset.rows,
            "bank": preset.banks_per_group,
            "bank_group": preset.bank_groups,
            "channel": channels,
        }
        above_column = preset.address_map[: preset.address_map.index("column")]
        self._fields = [(name, sizes[name]) for name in reversed(above_column)]
        self._burst_bytes = preset.burst_bytes
        self._bank_groups = preset.bank_groups

    def locate(self, address: int) -> Location:
        """The place of the burst that holds the byte at `address`."""
        index = address // self.block_bytes
        place = {"bank_group": address // self._burst_bytes % self._bank_groups}
        for name, size in self._fields:
            index, place[name] = divmod(index, size)
        return Location(place["channel"], place["bank_group"], place["bank"], place["row"])
