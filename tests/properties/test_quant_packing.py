"""Packing loses nothing, for any width, shape and axis."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quant.packing import pack_codes, packed_bytes, unpack_codes


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.data(), st.integers(1, 16), hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7))
def test_round_trip(data: st.DataObject, bits: int, shape: tuple[int, ...]) -> None:
    codes = data.draw(hnp.arrays(np.uint16, shape, elements=st.integers(0, 2**bits - 1)))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    packed = pack_codes(codes, bits, axis)
    assert packed.size == packed_bytes(codes.size, bits)
    assert np.array_equal(unpack_codes(packed, bits, shape, axis), codes)
