"""What every number format offers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from quant.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class DecodeCost(Enum):
    """What hardware needs between the stored code and the multiplier's (sign, exponent, significand), for each lane."""

    FIXED_FIELDS = "nothing: the fields lie at fixed places in the code"
    LEADING_ONE = "a leading-one detector and a shifter"
    REGIME = "a negator, a detector of the leading run of either bit, and a shifter"
    TABLE = "a table with an entry for each code, as wide as the multiplier's operand"


@dataclass(frozen=True)
class NumberFormat(ABC):
    """A number format: what each code of `bits` bits is worth, and which code stands for a number.

    A tensor is `scale * value`. `encode` takes the code nearest to `x / scale`; halfway, the even code (the upper value
    where neither code is even, as with some neighbours of flint); beyond the ends (infinities included) the end, so
    that an unsigned format encodes negative numbers as 0. Negative zero encodes as zero, except in `fp32`. NaN is
    refused. The quotient is formed in float32 for float32, float16 and bfloat16 input, in float64 otherwise.
    `scalar_encode` and `scalar_decode` are the obvious references of `encode` and `decode`.

    The sign bit of a signed format is the most significant bit of the code (`nf4`, a table, has no sign bit).
    """

    name: str
    bits: int
    signed: bool

    decode_cost: ClassVar[DecodeCost]
    """What the hardware decoder of one operand lane is made of."""

    block_size: ClassVar[int | None] = None
    """How many neighbours share a scale by the format's definition; None: whoever uses the format chooses."""

    scale_bits: ClassVar[int] = 32
    """Bits of a stored scale: 32 for a float32; 8 for a power of two, as its E8M0 exponent (OCP MX)."""

    @property
    def needs_decoder(self) -> bool:
        """Whether hardware decodes a code before it multiplies; integers and floats enter the array as stored."""
        return self.decode_cost is not DecodeCost.FIXED_FIELDS

    @abstractmethod
    def value_of(self, code: int) -> float:
        """The value of one code, 0 <= code < 2^bits. Some formats have codes for infinity and NaN."""

    @property
    @abstractmethod
    def max_value(self) -> float:
        """The largest value that `encode` produces, at scale 1."""

    @property
    @abstractmethod
    def min_value(self) -> float:
        """The lowest value that `encode` produces, at scale 1: `-max_value` for signed formats, 0 for unsigned."""

    @property
    @abstractmethod
    def codebook(self) -> npt.NDArray[np.float64]:
        """The value of each code, shape (2^bits,), float64, read-only.

        Raises FormatError for `fp32`, which has too many codes to list.
        """

    @abstractmethod
    def encode(self, x: npt.ArrayLike, scale: npt.ArrayLike = 1.0) -> npt.NDArray[np.unsignedinteger[Any]]:
        """The codes nearest to `x / scale`, in the shape of `x`; uint8 up to 8 bits, then uint16 and uint32.

        `scale` is one positive finite number or an array of them that broadcasts to the shape of `x` (per channel, per
        group); it is rounded to the precision of the quotient first. Raises DataError for NaN, for a scale that is not
        positive and finite, and for what is not real numbers.
        """

    @abstractmethod
    def decode(
        self, codes: npt.ArrayLike, scale: npt.ArrayLike = 1.0, dtype: npt.DTypeLike = "float64"
    ) -> npt.NDArray[np.floating[Any]]:
        """The numbers `value * scale`, in the shape of `codes`: multiplied in float64, rounded once to `dtype`.

        What is too large for `dtype` becomes infinite. `scale` as in `encode`. Raises DataError for a code outside
        0 .. 2^bits - 1 and for a scale that is not positive and finite.
        """

    @abstractmethod
    def scalar_encode(self, x: float, scale: float = 1.0) -> int:
        """The reference of `encode`: one number, in plain Python. Errors as there."""

    def scalar_decode(self, code: int, scale: float = 1.0) -> float:
        """The reference of `decode`: one code, in plain Python. Errors as there."""
        if not 0 <= code < 2**self.bits:
            raise DataError(f"{self.name}: code {code}", f"0 to {2**self.bits - 1}")
        return self.value_of(code) * positive_scale(scale)

    def __reduce__(self) -> tuple[type[NumberFormat], tuple[Any, ...]]:
        """Pickled as its fields alone: what is computed lazily is computed again, read-only, on the other side."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


def scaled(name: str, x: float, scale: float) -> float:
    """The quotient of one number by its scale, in float64. Raises DataError for NaN and for a bad scale."""
    if math.isnan(x):
        raise DataError(f"{name}: NaN cannot be encoded", "numbers and infinities")
    return x / positive_scale(scale)


def positive_scale(scale: float) -> float:
    """`scale`, if it is positive and finite; else raises DataError."""
    if not 0.0 < scale < math.inf:
        raise DataError(f"scale {scale}", "positive finite numbers")
    return scale
