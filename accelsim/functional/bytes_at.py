"""Bytes by address in DRAM, of several images side by side: arrays of shape (bytes, images)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from accelsim.errors import SimulationError
from accelsim.mapping.layout import Run
from accelsim.tlm import Data

Bytes = npt.NDArray[np.uint8]


class Source(Protocol):
    """Whatever bytes can be read from."""

    def at(self, address: int, size_bytes: int) -> Bytes:
        """Bytes from `address` on, shape (size_bytes, images)."""


class Region:
    """Bytes that follow each other from `address` on, zeros at first."""

    def __init__(self, address: int, size_bytes: int, images: int) -> None:
        self.address = address
        self.bytes = np.zeros((size_bytes, images), np.uint8)

    def at(self, address: int, size_bytes: int) -> Bytes:
        """A view of some of them; SimulationError for bytes outside."""
        first = address - self.address
        if not 0 <= first <= first + size_bytes <= len(self.bytes):
            raise SimulationError(f"no {size_bytes} bytes of values at {address:#x}")
        return self.bytes[first : first + size_bytes]

    def merge(self, tile: TileBytes) -> None:
        """Put in the bytes of a tile; in those that tiles share each sets its own bits, once."""
        for run in tile.runs:
            self.at(*run)[:] ^= tile.part(*run)


class Memory:
    """The DRAM: trained numbers, the same for all images, and behind them the tensors of each image.

    `occupied` are the runs that hold something in a run of the network.
    """

    def __init__(self, parameter_bytes: int, footprint_bytes: int, images: int, occupied: Sequence[Run]) -> None:
        self.parameters = Region(0, parameter_bytes, 1)
        self.tensors = Region(parameter_bytes, footprint_bytes - parameter_bytes, images)
        self._occupied = occupied
        self._shared: dict[int, Bytes] = {}

    @property
    def size_bytes(self) -> int:
        """Bytes of both regions."""
        return len(self.parameters.bytes) + len(self.tensors.bytes)

    @property
    def occupied_bytes(self) -> int:
        """Bytes that hold something."""
        return sum(run.size_bytes for run in self._occupied)

    def occupied_address(self, index: int) -> int:
        """The address of the byte with this index among those that hold something."""
        for address, size_bytes in self._occupied:
            if index < size_bytes:
                return address + index
            index -= size_bytes
        raise IndexError(index)

    def at(self, address: int, size_bytes: int) -> Bytes:
        """A view of bytes of one of the two regions."""
        return (self.parameters if address < self.tensors.address else self.tensors).at(address, size_bytes)

    def write(self, address: int, data: Bytes) -> None:
        """Set bytes, and in those that tiles share the bits of the others."""
        self.at(address, len(data))[:] = data
        for shared, bits in self._shared.items():
            if address <= shared < address + len(data):
                self.at(shared, 1)[:] |= bits

    def share(self, address: int, bits: Bytes) -> None:
        """Set bits of a byte that another tile writes, before or after."""
        self._shared[address] = self._shared.get(address, np.zeros_like(bits)) | bits
        self.at(address, 1)[:] |= bits


class TileBytes:
    """The bytes of one tile, which lies in `runs`: on its way between DRAM and a buffer, or in one.

    What is asked for beyond the runs is read from `memory` and counted in `edge_bytes`: bytes that codes of two tiles
    share.
    """

    def __init__(self, runs: Iterable[Run], memory: Memory, images: int) -> None:
        self.runs = sorted(runs)
        self._starts = [run.address for run in self.runs]
        sizes = [run.size_bytes for run in self.runs]
        self._offsets = np.cumsum([0, *sizes]).tolist()
        self._memory = memory
        self.bytes = np.zeros((self._offsets[-1], images), np.uint8)
        self.edge_bytes = 0

    def at(self, address: int, size_bytes: int) -> Bytes:
        """Bytes from `address` on."""
        inside = self._inside(address, size_bytes)
        if inside is not None:
            return inside
        return np.concatenate([self._byte(each) for each in range(address, address + size_bytes)])

    def put(self, address: int, found: Bytes) -> None:
        """Set bytes that were zeros."""
        inside = self._inside(address, len(found))
        if inside is not None:
            inside[:] = found
            return
        for offset in range(len(found)):
            byte, inside = found[offset : offset + 1], self._inside(address + offset, 1)
            if inside is None:
                self._memory.share(address + offset, byte)
            else:
                inside |= byte

    def part(self, address: int, size_bytes: int) -> Bytes:
        """The bytes of a burst."""
        inside = self._inside(address, size_bytes)
        assert inside is not None
        return inside

    def fill(self, address: int, part: Data) -> None:
        """Put in the bytes of a burst."""
        self.part(address, len(part))[:] = part

    def _inside(self, address: int, size_bytes: int) -> Bytes | None:
        """A view of bytes that lie in one run; else None."""
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address + size_bytes > sum(self.runs[index]):
            return None
        first = self._offsets[index] + address - self._starts[index]
        return self.bytes[first : first + size_bytes]

    def _byte(self, address: int) -> Bytes:
        inside = self._inside(address, 1)
        if inside is not None:
            return inside
        self.edge_bytes += 1
        return self._memory.at(address, 1)
