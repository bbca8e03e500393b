"""Codes to bytes and back: whole tensors, parts of blocks, rows, groups, odd widths; and the order of a flat read."""

from __future__ import annotations

import numpy as np
import pytest

from accelsim.functional.bytes_at import Memory, Region, TileBytes
from accelsim.functional.tile_codes import flat_order, pack_rows, read_codes, read_flat, unpack_rows, write_codes
from accelsim.mapping.layout import Run, TensorLayout

SHAPE = (70, 5, 3)


def codes_of(shape: tuple[int, int, int], bits: int, images: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2**bits, (images, *shape), dtype=np.uint8)


def filled(layout: TensorLayout, codes: np.ndarray) -> Region:
    region = Region(layout.address, layout.size_bytes, len(codes))

    def put(address: int, found: np.ndarray) -> None:
        region.at(address, len(found))[:] |= found

    for channels in ((0, 7), (7, 40), (40, 70)):  # neither starts nor ends with a block, or on a byte
        for first, last in ((0, 2), (2, 5)):
            write_codes(layout, channels, first, codes[:, channels[0] : channels[1], first:last], put)
    return region


@pytest.mark.parametrize("parts", [(), (35, 35), (3, 40, 27)])
@pytest.mark.parametrize("bits", [2, 3, 4, 5, 8])
def test_what_was_written_in_parts_is_read_in_others(bits: int, parts: tuple[int, ...]) -> None:
    layout, codes = TensorLayout(4096, SHAPE, bits, parts), codes_of(SHAPE, bits)
    region = filled(layout, codes)
    assert np.array_equal(read_codes(layout, (0, 70), (0, 5), region), codes)
    assert np.array_equal(read_codes(layout, (33, 68), (1, 4), region), codes[:, 33:68, 1:4])
    everything = read_flat(layout, (0, codes[0].size), region)
    assert np.array_equal(everything, codes.reshape(2, -1)[:, flat_order(layout)])
    assert np.array_equal(read_flat(layout, (100, 555), region), everything[:, 100:555])


def test_a_row_by_hand() -> None:
    """Two channels of three 4-bit codes: 1 2 3 and 4 5 6 are the bytes 21 43 65, the low half first."""
    layout = TensorLayout(0, (2, 1, 3), 4)
    codes = np.array([1, 2, 3, 4, 5, 6], np.uint8).reshape(1, 2, 1, 3)
    region = Region(0, layout.size_bytes, 1)

    def put(address: int, found: np.ndarray) -> None:
        region.at(address, len(found))[:] = found

    write_codes(layout, (0, 2), 0, codes, put)
    assert region.bytes[:, 0].tolist() == [0x21, 0x43, 0x65]


@pytest.mark.parametrize("offset", [0, 3])
def test_rows_of_codes_from_any_bit_on(offset: int) -> None:
    """3-bit codes 1 2 3 are the bits 100 010 110 from the low end: 0xd1 and 0, or three bits further up."""
    codes = np.array([[1, 2, 3], [3, 2, 1]], np.uint8)
    rows = pack_rows(codes, 3, offset)
    number = (1 + 2 * 8 + 3 * 64) << offset
    assert rows[0].tolist() == [number % 256, number // 256]
    assert np.array_equal(unpack_rows(rows, 3, offset, 3), codes)


def test_bytes_beside_a_tile_come_from_memory_and_are_counted() -> None:
    memory = Memory(0, 64, 1, ())
    memory.at(0, 64)[:, 0] = np.arange(64)
    tile = TileBytes([Run(8, 4), Run(16, 4)], memory, 1)
    tile.fill(16, memory.at(16, 4))
    assert tile.at(17, 2)[:, 0].tolist() == [17, 18]
    assert tile.edge_bytes == 0
    assert tile.at(15, 3)[:, 0].tolist() == [15, 16, 17]
    assert tile.edge_bytes == 1
    tile.put(11, np.array([[1], [128]], np.uint8))
    assert (tile.at(11, 1).item(), memory.at(12, 1).item()) == (1, 12 | 128)
    memory.write(12, np.array([[1], [2]], np.uint8))
    assert memory.at(12, 2)[:, 0].tolist() == [129, 2]


def test_tiles_that_share_a_byte_on_chip_keep_each_others_bits() -> None:
    """And a bit that flipped in the first stays flipped when the second sets it: 0x21 with bit 4 flipped is 0x31."""
    region, memory = Region(8, 2, 1), Memory(0, 64, 1, ())
    for byte in (0x11, 0x20):  # the low half of the first, and the flip; then the high half
        tile = TileBytes([Run(8, 1)], memory, 1)
        tile.put(8, np.array([[byte]], np.uint8))
        region.merge(tile)
    assert region.bytes[:, 0].tolist() == [0x31, 0]
