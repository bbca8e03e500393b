"""The timing parameters of a channel as its model uses them, and two kinds of clock arithmetic."""

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
    clocks_between_refreshes: int
    read_to_data_end: int
    write_to_data_end: int
    write_to_precharge: int
    read_to_write_gap: int
    write_to_read_gap: int
    read_to_write: int
    write_to_read: int
    tFAW: int
    tRRD_S: int
    quarter_clocks_per_activate: int
    queue_bursts: int
    bank_queue_bursts: int

    @classmethod
    def of(cls, preset: DramPreset) -> Timing:
        """The parameters of a preset.

        The gaps are what the data bus rests when its direction changes: from the command spacing (tRTW, or
        CWL + burst + tWTR_L) and the latencies of the two commands. Four activates take tFAW or four times tRRD_S.
        """
        return cls(
            tCCD_S=preset.tCCD_S,
            tCCD_L=preset.tCCD_L,
            tRCD=preset.tRCD,
            tRP=preset.tRP,
            tRAS=preset.tRAS,
            tRTP=preset.tRTP,
            tREFI=preset.tREFI,
            tRFC=preset.tRFC,
            clocks_between_refreshes=preset.tREFI - preset.tRFC,
            read_to_data_end=preset.CL + preset.burst_clocks,
            write_to_data_end=preset.CWL + preset.burst_clocks,
            write_to_precharge=preset.CWL + preset.burst_clocks + preset.tWR,
            read_to_write_gap=max(0, preset.tRTW + preset.CWL - preset.CL - preset.burst_clocks),
            write_to_read_gap=preset.tWTR_L + preset.CL,
            read_to_write=preset.tRTW,
            write_to_read=preset.CWL + preset.burst_clocks + preset.tWTR_L,
            tFAW=preset.tFAW,
            tRRD_S=preset.tRRD_S,
            quarter_clocks_per_activate=max(preset.tFAW, 4 * preset.tRRD_S),
            queue_bursts=preset.queue_bursts,
            bank_queue_bursts=preset.bank_queue_bursts,
        )

    def without_refreshes(self, clock: int) -> int:
        """A clock with all refreshes so far taken out; a moment inside a refresh is its beginning."""
        periods, into = divmod(clock, self.tREFI)
        serving = self.clocks_between_refreshes
        return periods * serving + (into if into < serving else serving)

    def with_refreshes(self, clock: int) -> int:
        """A clock with the refreshes before it put back."""
        return clock + clock // self.clocks_between_refreshes * self.tRFC


class SharedServer:
    """Something shared that never idles while work waits for it: the end of the work accepted so far says it all."""

    __slots__ = ("end",)

    def __init__(self) -> None:
        self.end = 0

    def add(self, arrival: int, work: int) -> int:
        """Accept work that could start at `arrival`; when the server is through with it."""
        self.end = (self.end if self.end > arrival else arrival) + work
        return self.end
