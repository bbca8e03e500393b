"""E8M0, the scale of OCP MX blocks: byte e is 2^(e - 127), 255 is NaN. Source: OCP MX 1.0, section 5.4.1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from quant.errors import DataError

_BIAS, _NAN = 127, 255
LOWEST, HIGHEST = 2.0**-_BIAS, 2.0**_BIAS


def e8m0_bytes(scales: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The bytes of scales, in their shape. Raises DataError for one that is no power of two from 2^-127 to 2^127."""
    significands, exponents = np.frexp(scales)
    bad = (significands != 0.5) | (scales < LOWEST)  # no float32 of 2^128 or more is finite, and infinity is no 0.5
    if bad.any():
        raise DataError(f"scale {scales[bad][0]} in 8 bits", "powers of two from 2^-127 to 2^127")
    return (exponents - 1 + _BIAS).astype(np.uint8)


def e8m0_scales(stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The scales of bytes, in their shape; NaN for 255."""
    exponents = stored.astype(np.int32) - _BIAS
    return np.where(stored == _NAN, np.float32(np.nan), np.ldexp(np.float32(1), np.minimum(exponents, _BIAS)))
