"""NF4 and the OCP MX formats against torchao.

torchao has no MXINT8. Where a block's scale is 2^-127 it divides by 2^-126 and multiplies by 2^-127; blocks so small
are compared with gfloat alone (`tests/unit/test_formats_microscaling.py`). Its NF4 table has four decimal places.
"""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from quant import get_format
from quant.e8m0 import e8m0_bytes
from quant.granularity import Granularity
from quant.scaling import choose_scales

ELEMENT_TYPES = {
    "mxfp4": "float4_e2m1fn_x2",
    "mxfp6_e3m2": "fp6_e3m2",  # torchao's own name: torch has no such type
    "mxfp6_e2m3": "fp6_e2m3",
    "mxfp8_e4m3": "float8_e4m3fn",
    "mxfp8_e5m2": "float8_e5m2",
}


@pytest.fixture(scope="module")
def ao() -> SimpleNamespace:
    """What is used of torch and torchao, whose imports warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from torchao.prototype.mx_formats.mx_tensor import MXTensor
        from torchao.quantization import NF4Tensor
    return SimpleNamespace(torch=torch, MXTensor=MXTensor, NF4Tensor=NF4Tensor)


def blocks() -> np.ndarray:
    """Blocks of 32: zeros, the largest float32, numbers just below powers of two, random ones of many magnitudes."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((200, 64)) * np.exp2(rng.uniform(-100, 120, (200, 1)))
    rows[0], rows[1] = 0, np.finfo(np.float32).max
    rows[2, :32], rows[3:38] = 0, np.nextafter(np.exp2(np.arange(-17, 18.0)), 0)[:, None]
    rows[40:80, 7] *= 1000
    return rows.astype(np.float32)


@pytest.mark.parametrize("name", ELEMENT_TYPES)
def test_blocks_are_those_of_torchao(name: str, ao: SimpleNamespace) -> None:
    x, number_format = blocks(), get_format(name)
    element_type = getattr(ao.torch, ELEMENT_TYPES[name], ELEMENT_TYPES[name])
    theirs = ao.MXTensor.to_mx(ao.torch.from_numpy(x), element_type, 32)
    scales = choose_scales(x, number_format, Granularity(0))
    groups = Granularity(0, 32)
    codes = number_format.encode(groups.rows(x), scales[:, None])
    decoded = groups.tensor(number_format.decode(codes, scales[:, None], np.float32), x.shape)
    assert np.array_equal(decoded, theirs.dequantize(ao.torch.float32).numpy())
    their_bytes = theirs.scale.view(ao.torch.uint8).numpy().reshape(-1)
    holds_numbers = groups.rows(x).any(axis=1)  # the standard does not say which scale a block of zeros has
    assert np.array_equal(e8m0_bytes(scales)[holds_numbers], their_bytes[holds_numbers])


def test_nf4_is_the_table_of_torchao(ao: SimpleNamespace) -> None:
    table = ao.NF4Tensor.from_tensor(ao.torch.zeros(64 * 256), 64, 256).nf4.numpy()
    assert np.array_equal(np.round(get_format("nf4").codebook, 4).astype(np.float32), table)
