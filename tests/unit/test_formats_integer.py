"""Integer formats against numpy and ml_dtypes."""

import ml_dtypes
import numpy as np
import pytest

from quant import get_format

WIDTHS = range(2, 9)
INDEPENDENT = [
    ("int2", True, ml_dtypes.int2),
    ("int2", False, ml_dtypes.uint2),
    ("int4", True, ml_dtypes.int4),
    ("int4", False, ml_dtypes.uint4),
    ("int8", True, np.int8),
    ("int8", False, np.uint8),
]


@pytest.mark.parametrize("bits", WIDTHS)
def test_codebook_is_twos_complement_or_unsigned(bits: int) -> None:
    half = 2 ** (bits - 1)
    assert get_format(f"int{bits}").codebook.tolist() == [*range(half), *range(-half, 0)]
    assert get_format(f"int{bits}", signed=False).codebook.tolist() == list(range(2 * half))


@pytest.mark.parametrize("bits", WIDTHS)
def test_signed_range_is_symmetric_and_the_extra_code_still_decodes(bits: int) -> None:
    signed, largest = get_format(f"int{bits}"), 2 ** (bits - 1) - 1
    assert (signed.min_value, signed.max_value) == (-largest, largest)
    assert signed.decode(signed.encode([-1e9, 1e9])).tolist() == [-largest, largest]
    assert signed.decode([2 ** (bits - 1)]).tolist() == [-largest - 1]


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("signed", [True, False])
def test_encode_is_round_half_to_even_and_clip(bits: int, signed: bool) -> None:
    number_format = get_format(f"int{bits}", signed)
    x = np.arange(-(2.0**bits) - 1, 2.0**bits + 1, 0.25)
    expected = np.clip(np.rint(x), number_format.min_value, number_format.max_value)
    assert np.array_equal(number_format.decode(number_format.encode(x)), expected)


@pytest.mark.parametrize(("name", "signed", "dtype"), INDEPENDENT, ids=str)
def test_codes_are_the_bytes_of_ml_dtypes_and_numpy(name: str, signed: bool, dtype: type) -> None:
    number_format = get_format(name, signed)
    values = np.arange(number_format.min_value, number_format.max_value + 1)
    mask = 2**number_format.bits - 1
    stored = values.astype(np.int64).astype(dtype).view(np.uint8) & mask
    assert np.array_equal(number_format.encode(values), stored)
    assert np.array_equal(number_format.decode(stored), values)


def test_integers_enter_the_array_undecoded() -> None:
    assert not get_format("int4").needs_decoder
