"""The timing parameters of a channel as its model uses them."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.config.dram import DramPreset

NEVER, FOREVER = -(10**9), 1 << 62


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks of a preset, some of them combined. Plain attributes: they are read for every chunk."""

    tCCD_S: int
    tCCD_L: int
    tRCD: int
    tRP: int
    tRAS: int
    tRTP: int
    tREFI: int
    tRFC: int
    read_to_data_end: int
    write_to_data_end: int
    write_to_precharge: int
    read_to_write: int
    write_to_read: int
    tFAW: int
    tRRD_S: int
    tRRD_L: int
    queue_bursts: int
    bank_queue_bursts: int

    @classmethod
    def of(cls, preset: DramPreset) -> Timing:
        """The parameters of a preset."""
        return cls(
            tCCD_S=preset.tCCD_S,
            tCCD_L=preset.tCCD_L,
            tRCD=preset.tRCD,
            tRP=preset.tRP,
            tRAS=preset.tRAS,
            tRTP=preset.tRTP,
            tREFI=preset.tREFI,
            tRFC=preset.tRFC,
            read_to_data_end=preset.CL + preset.burst_clocks,
            write_to_data_end=preset.CWL + preset.burst_clocks,
            write_to_precharge=preset.CWL + preset.burst_clocks + preset.tWR,
            read_to_write=preset.tRTW,
            write_to_read=preset.CWL + preset.burst_clocks + preset.tWTR_L,
            tFAW=preset.tFAW,
            tRRD_S=preset.tRRD_S,
            tRRD_L=preset.tRRD_L or preset.tRRD_S,
            queue_bursts=preset.queue_bursts,
            bank_queue_bursts=preset.bank_queue_bursts,
        )
