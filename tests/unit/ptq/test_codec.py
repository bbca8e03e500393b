"""The torch twin of the formats against numpy's: every code, every boundary between codes, and both neighbours."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from quant import NumberFormat, format_names, get_format
from quant.ptq.codec import Codec

FORMATS = [get_format(n, signed) for n in format_names() if n != "fp32" for signed in (True, False)]


def probes(number_format: NumberFormat) -> np.ndarray:
    values = sorted({v for v in number_format.codebook.tolist() if number_format.min_value <= v < math.inf})
    midpoints = [(below + above) / 2 for below, above in pairwise(values)]
    centres = np.array([*values, *midpoints, 0.0, -0.0, 1e30, -1e30, math.inf, -math.inf], np.float32)
    up, down = np.float32(math.inf), np.float32(-math.inf)
    return np.concatenate([centres, np.nextafter(centres, up), np.nextafter(centres, down)])


@pytest.mark.parametrize("number_format", FORMATS, ids=str)
def test_twins_agree(number_format: NumberFormat) -> None:
    x, codec = probes(number_format), Codec(number_format)
    codes = number_format.encode(x)
    assert np.array_equal(codec.encode(torch.from_numpy(x)).numpy(), codes)
    expected = number_format.decode(codes, dtype=np.float32)
    assert np.array_equal(codec.round(torch.from_numpy(x)).numpy(), expected)
    every_code = np.arange(2**number_format.bits)
    decoded = codec.decode(torch.from_numpy(every_code)).numpy()
    assert np.array_equal(decoded, number_format.codebook.astype(np.float32), equal_nan=True)


def test_more_numbers_than_a_block_and_any_layout() -> None:
    x = torch.randn(300, 5, 70).transpose(0, 2)
    number_format = get_format("dybit4")
    assert np.array_equal(Codec(number_format).encode(x).numpy(), number_format.encode(x.numpy()))


def test_fp32_is_the_identity() -> None:
    x = torch.randn(5)
    assert torch.equal(Codec(get_format("fp32")).round(x), x)
