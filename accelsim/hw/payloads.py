"""What travels between the controller and the blocks: transactions with the field's own contents.

`address` and `size_bytes` mean what they mean for memory where the payload is memory's, and are 0 and the bytes of
operands or results elsewhere. Fields below `# filled by the target` are its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from accelsim.analytic.compute import ArrayShape
from accelsim.mapping.layout import Run
from accelsim.tlm import Command, Data, Transaction
from accelsim.workload.layers import Gemm


class Cargo(Protocol):
    """The bytes of one tile, by address in DRAM."""

    def part(self, address: int, size_bytes: int) -> Data:
        """Some of them."""

    def fill(self, address: int, part: Data) -> None:
        """Put in what has come from DRAM."""


@dataclass(slots=True, eq=False, kw_only=True)
class Transfer(Transaction):
    """A DMA descriptor: the runs of bytes that make up one tile. In a functional run `cargo` has or gets the bytes."""

    runs: tuple[Run, ...]
    cargo: Cargo | None = None

    @classmethod
    def of(cls, command: Command, runs: tuple[Run, ...], initiator: str, cargo: Cargo | None = None) -> Transfer:
        """The descriptor of all `runs`."""
        return cls(command, runs[0].address, sum(run.size_bytes for run in runs), initiator, runs=runs, cargo=cargo)

    def burst(self, run: Run, initiator: str) -> Transaction:
        """The transaction of a part of it, with its bytes if they are to be written."""
        data = None
        if self.cargo is not None and self.command is Command.WRITE:
            data = self.cargo.part(*run)
        return Transaction(self.command, *run, initiator, data)

    def returned(self, burst: Transaction) -> None:
        """Keep what a burst has read."""
        if self.cargo is not None and self.command is Command.READ and burst.data is not None:
            self.cargo.fill(burst.address, burst.data)


@dataclass(slots=True, eq=False, kw_only=True)
class OperandStream(Transaction):
    """Operands on their way from a buffer through a decoder into one edge of the array."""

    codes: int
    codes_per_word: int
    decoded: bool
    #: Whether it follows right behind another in the decoder's pipeline, so that the latency was paid before.
    continues: bool = False
    # filled by the target
    port_cycles: int = 0
    decode_cycles: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class TileMultiply(Transaction):
    """One tile for the PE array."""

    tile: Gemm
    shape: ArrayShape
    weight_bits: int
    input_bits: int
    weights_decoded: bool
    inputs_decoded: bool
    # filled by the target
    streaming_cycles: int = 0
    fill_drain_cycles: int = 0
    decoder_cycles: int = 0
    weight_port_cycles: int = 0
    input_port_cycles: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class PostProcess(Transaction):
    """One output tile for the vector unit."""

    elements: int
    passes: Fraction
