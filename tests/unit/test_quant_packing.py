"""The bit order is the page's; what does not fit is refused."""

import numpy as np
import pytest

from quant.errors import DataError
from quant.packing import pack_codes, packed_bytes, unpack_codes


def test_the_worked_example_of_the_page() -> None:
    """1, 2, 3 in 3 bits: 001, 010, 011 from the low end: 0b0_1101_0001 is 0xd1, and one bit in the next byte is 0."""
    assert pack_codes([1, 2, 3], bits=3).tolist() == [0b11010001, 0b0]
    assert unpack_codes(np.array([0xD1, 0], np.uint8), 3, (3,)).tolist() == [1, 2, 3]


@pytest.mark.parametrize("bits", range(1, 17))
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1001])
def test_the_stream_is_one_little_endian_number(bits: int, count: int) -> None:
    codes = np.random.default_rng(0).integers(0, 2**bits, count)
    number = sum(int(code) << (index * bits) for index, code in enumerate(codes))
    assert pack_codes(codes, bits).tobytes() == number.to_bytes(packed_bytes(count, bits), "little")


def test_blocks_join_without_a_seam() -> None:
    codes = np.random.default_rng(0).integers(0, 8, 100_003).astype(np.uint8)
    assert np.array_equal(unpack_codes(pack_codes(codes, 3), 3, codes.shape), codes)


@pytest.mark.parametrize("codes", [[8], [-1], [0.5]])
def test_codes_that_do_not_fit_are_refused(codes: list[float]) -> None:
    with pytest.raises(DataError):
        pack_codes(codes, bits=3)


@pytest.mark.parametrize("packed", [[0], [0, 0, 0], [0, 2]])
def test_bytes_that_do_not_fit_the_shape_are_refused(packed: list[int]) -> None:
    with pytest.raises(DataError):
        unpack_codes(np.array(packed, np.uint8), 3, (3,))
