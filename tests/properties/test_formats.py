"""What holds for every format of up to 8 bits, every number and every scale."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quant import NumberFormat, format_names, get_format

narrow_formats = st.builds(
    get_format, st.sampled_from([name for name in format_names() if get_format(name).bits <= 8]), st.booleans()
)
numbers = st.lists(st.floats(allow_nan=False), min_size=1, max_size=40)
near_one = st.lists(st.floats(-20, 20), min_size=1, max_size=40)
scales = st.floats(1e-6, 1e6)

derandomized = settings(derandomize=True, deadline=None, max_examples=150)


@derandomized
@given(narrow_formats, numbers, scales)
def test_vectorised_and_scalar_agree(number_format: NumberFormat, x: list[float], scale: float) -> None:
    codes = number_format.encode(x, scale)
    assert codes.tolist() == [number_format.scalar_encode(v, scale) for v in x]
    assert number_format.decode(codes, scale).tolist() == [
        number_format.scalar_decode(c, scale) for c in codes.tolist()
    ]


@derandomized
@given(narrow_formats, near_one, st.sampled_from([np.float32, np.float64]))
def test_nothing_representable_is_nearer(number_format: NumberFormat, x: list[float], dtype: type) -> None:
    """So the error is at most half a gap inside the range, and the distance to the end outside it."""
    values = number_format.codebook[number_format.codebook >= number_format.min_value]
    values = values[np.isfinite(values)]
    quotients = np.array(x, dtype=dtype)
    found = number_format.decode(number_format.encode(quotients))
    assert np.array_equal(np.abs(found - quotients), np.abs(values[:, None] - quotients).min(axis=0))


@derandomized
@given(narrow_formats, numbers, scales)
def test_encoding_preserves_order(number_format: NumberFormat, x: list[float], scale: float) -> None:
    decoded = number_format.decode(number_format.encode(sorted(x), scale), scale)
    assert np.all(np.diff(decoded) >= 0)


@derandomized
@given(narrow_formats, numbers, scales)
def test_encoding_twice_changes_nothing(number_format: NumberFormat, x: list[float], scale: float) -> None:
    codes = number_format.encode(x, scale)
    assert np.array_equal(number_format.encode(number_format.decode(codes)), codes)


@derandomized
@given(narrow_formats, numbers, scales)
def test_signed_formats_are_odd_and_unsigned_ones_end_at_zero(
    number_format: NumberFormat, x: list[float], scale: float
) -> None:
    mirrored = number_format.decode(number_format.encode(np.negative(x), scale))
    decoded = number_format.decode(number_format.encode(x, scale))
    if number_format.name == "nf4":
        return  # not symmetric
    if number_format.signed:
        assert np.array_equal(mirrored, -decoded)
    else:
        assert np.all(np.where(np.array(x) <= 0, decoded, mirrored) == 0)


@derandomized
@given(narrow_formats, near_one, st.integers(-20, 20))
def test_a_power_of_two_scale_only_moves_the_point(number_format: NumberFormat, x: list[float], shift: int) -> None:
    scale = 2.0**shift
    assert np.array_equal(number_format.encode(np.array(x) * scale, scale), number_format.encode(x))
