"""Bits that flip in DRAM, in buffers and on the way into the array. See docs/functional.md for what a place means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from accelsim.errors import InputError
from accelsim.functional.bytes_at import Bytes, Memory, TileBytes
from accelsim.functional.fault_spec import FaultSpec
from accelsim.functional.tile_codes import Codes
from accelsim.result import Flip
from accelsim.units import BITS_PER_BYTE

#: Flips that are kept one by one; the rest is only counted.
KEPT_FLIPS = 100

#: Says where a number of an array is, given its index.
Where = Callable[[int], str]


class _Fault:
    """A specification with what it has drawn so far."""

    def __init__(self, spec: FaultSpec) -> None:
        self.spec, self.generator, self.struck = spec, np.random.default_rng(spec.seed), False

    def draw(self, size: int, bits: int, cycle: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Index and bit of each flip in an array of `size` numbers of `bits` bits, at a cycle."""
        spec = self.spec
        choices = size * bits if spec.bit is None else size * (spec.bit < bits)
        if spec.cycle is None:
            count = int(self.generator.binomial(choices, spec.rate or 0.0))
        else:
            count = int(not self.struck and cycle >= spec.cycle and choices > 0)
            self.struck |= count > 0
        drawn = self.generator.choice(choices, count, replace=False) if count else np.zeros(0, np.int64)
        return (drawn, np.full_like(drawn, spec.bit)) if spec.bit is not None else np.divmod(drawn, bits)


class Faults:
    """The flips of a run, drawn from the seeds of their specifications in the order in which the run comes by."""

    def __init__(self, specs: Sequence[FaultSpec] = ()) -> None:
        self._faults = [_Fault(spec) for spec in specs]
        self.flips: list[Flip] = []
        self.count = 0

    def check_addresses(self, memory: Memory) -> None:
        """Raise InputError for an address beyond the memory that the network takes."""
        for fault in self._of("dram"):
            if (fault.spec.address or 0) >= memory.size_bytes:
                allowed = f"0 to {memory.size_bytes - 1:#x}, what the network takes of the DRAM"
                raise InputError("--inject dram", f"address {fault.spec.address:#x}", allowed)

    def strike(self, memory: Memory, cycle: int) -> None:
        """Flip the stored bits whose cycle has come."""
        for fault in self._of("dram"):
            if fault.spec.cycle is None or fault.struck or cycle < fault.spec.cycle:
                continue
            address = fault.spec.address
            if address is None:
                address = memory.occupied_address(int(fault.generator.integers(memory.occupied_bytes)))
            stored = memory.at(address, 1)
            self._flip(fault, stored, BITS_PER_BYTE, cycle, _byte_at(address, stored))

    def read(self, found: Bytes, address: int, cycle: int) -> Bytes:
        """Bytes as they come out of DRAM."""
        for fault in self._of("dram"):
            if fault.spec.rate is not None:
                found = found.copy()
                self._flip(fault, found, BITS_PER_BYTE, cycle, _byte_at(address, found))
        return found

    def arrived(self, tile: TileBytes, operand: str, what: str, cycle: int) -> None:
        """Flip bits of a tile in its buffer; `what` names it."""
        for fault in self._of("buffer", operand):
            where = _byte_at(0, tile.bytes, f" of {what}")
            self._flip(fault, tile.bytes, BITS_PER_BYTE, cycle, where)

    def decoded(self, codes: Codes, bits: int, operand: str, layer: str, cycle: int) -> Codes:
        """Codes as they go into the array."""
        for fault in self._of("decoder", operand):
            codes = codes.copy()
            self._flip(fault, codes, bits, cycle, lambda index: f"code {index} of a tile of the {operand} of {layer}")
        return codes

    def _of(self, place: str, operand: str | None = None) -> Iterator[_Fault]:
        for fault in self._faults:
            if fault.spec.place == place and fault.spec.operand in (None, operand):
                yield fault

    def _flip(self, fault: _Fault, numbers: npt.NDArray[Any], bits: int, cycle: int, where: Where) -> None:
        """Draw, flip in place (the array is contiguous), and note."""
        flat = numbers.reshape(-1)
        assert np.shares_memory(flat, numbers) or not flat.size
        indices, flipped_bits = fault.draw(flat.size, bits, cycle)
        before = flat[indices]
        np.bitwise_xor.at(flat, indices, (1 << flipped_bits).astype(flat.dtype))
        self.count += len(indices)
        for index, bit, old, new in zip(indices, flipped_bits, before, flat[indices], strict=True):
            if len(self.flips) == KEPT_FLIPS:
                break
            place = fault.spec.place
            flip = Flip(
                place=place, cycle=cycle, where=where(int(index)), bit=int(bit), before=int(old), after=int(new)
            )
            self.flips.append(flip)


def _byte_at(address: int, found: Bytes, of: str = "") -> Where:
    """Names a byte of an array (bytes, images) that starts at an address, and the image where there are several."""
    images = found.shape[1]
    return lambda index: f"byte {address + index // images:#x}{of}" + (f", image {index % images}" * (images > 1))
