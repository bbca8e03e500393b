"""The DRAM description: one channel with its timing parameters. `presets/dram/*.yaml` are instances.

Times are whole clocks of the DRAM's command bus (one clock = two beats of data), named as in the JEDEC standards.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from accelsim.config.hardware import NonNegative, Positive, Section
from accelsim.units import BITS_PER_BYTE

AddressField = Literal["row", "bank", "bank_group", "channel", "column"]

BEATS_PER_CLOCK = 2


class DramPreset(Section):
    """One DRAM channel of one rank, and the queues of its controller."""

    name: str = Field(min_length=1, description="what reports call the memory")
    description: str = Field("", description="one line for people")
    tck_ps: Positive = Field(description="clock period, ps")
    bus_width_bits: Positive = Field(multiple_of=BITS_PER_BYTE, description="data width of the channel, bits")
    burst_length: Positive = Field(multiple_of=BEATS_PER_CLOCK, description="beats of one burst")
    bank_groups: Positive = Field(description="bank groups, 1 where the standard has none")
    banks_per_group: Positive = Field(description="banks in one group")
    rows: Positive = Field(description="rows of a bank")
    row_bytes: Positive = Field(description="one row over the whole channel, bytes")
    address_map: tuple[AddressField, ...] = Field(
        description="what the address bits select, from high to low; the channel stands above the column, and only "
        "the column or the bank group may be lowest"
    )
    CL: Positive = Field(description="read command to its data, clocks")
    CWL: Positive = Field(description="write command to its data, clocks")
    tRCD: Positive = Field(description="activate to read or write, clocks")
    tRP: Positive = Field(description="precharge to activate, clocks")
    tRAS: Positive = Field(description="activate to precharge, clocks")
    tRTP: Positive = Field(description="read to precharge, clocks")
    tWR: Positive = Field(description="end of write data to precharge, clocks")
    tRRD_S: Positive = Field(description="activate to activate, different bank groups, clocks")
    tRRD_L: Positive | None = Field(
        None, description="activate to activate, same bank group, clocks; null: as different ones"
    )
    tFAW: Positive = Field(description="window of four activates, clocks")
    tCCD_S: Positive = Field(description="column command to column command, different bank groups, clocks")
    tCCD_L: Positive = Field(description="column command to column command, same bank group, clocks")
    tWTR_L: Positive = Field(description="end of write data to read, same bank group, clocks")
    tRTW: Positive = Field(description="read command to write command, clocks")
    tREFI: Positive = Field(description="refresh command to refresh command, clocks")
    tRFC: NonNegative = Field(description="a refresh command, clocks")
    queue_bursts: Positive = Field(32, description="bursts that wait in the controller's transaction queue")
    bank_queue_bursts: Positive = Field(8, description="bursts that wait in the queue of each bank")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sorted(self.address_map) != sorted(("row", "bank", "bank_group", "channel", "column")):
            raise ValueError("address_map names each of row, bank, bank_group, channel and column once")
        low = self.address_map[self.address_map.index("column") :]
        if low not in (("column",), ("column", "bank_group")):
            raise ValueError("address_map ends in [..., column] or [..., column, bank_group]")
        if self.row_bytes % self.burst_bytes:
            raise ValueError(f"row_bytes is a multiple of a burst of {self.burst_bytes} bytes")
        if self.burst_clocks > self.tCCD_S or self.tCCD_S > self.tCCD_L:
            raise ValueError(f"burst_length / {BEATS_PER_CLOCK} <= tCCD_S <= tCCD_L")
        if self.tRFC >= self.tREFI:
            raise ValueError("tRFC < tREFI")
        return self

    @property
    def burst_bytes(self) -> int:
        """Bytes of one burst."""
        return self.bus_width_bits // BITS_PER_BYTE * self.burst_length

    @property
    def burst_clocks(self) -> int:
        """Clocks that one burst holds the data bus."""
        return self.burst_length // BEATS_PER_CLOCK

    @property
    def peak_bytes_per_clock(self) -> int:
        """Bytes per clock while the data bus never rests."""
        return self.bus_width_bits // BITS_PER_BYTE * BEATS_PER_CLOCK

    @property
    def interleaves_bank_groups(self) -> bool:
        """Whether consecutive bursts go to different bank groups."""
        return self.address_map[-1] == "bank_group"

    @property
    def block_bytes(self) -> int:
        """Consecutive bytes in one channel and one row address: one row, or one of each bank group if interleaved."""
        return self.row_bytes * (self.bank_groups if self.interleaves_bank_groups else 1)
