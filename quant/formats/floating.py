"""Binary floats: FP32, which is the identity, and floats of up to 16 bits by their fields (FP16, BF16, minifloats)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from quant.errors import FormatError
from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost, NumberFormat, scaled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Specials(Enum):
    """Which codes are not numbers."""

    IEEE = "all exponent bits set: infinity if the mantissa is 0, else NaN"
    ONE_NAN = "all exponent and mantissa bits set: NaN"
    NONE = "every code is a number"


@dataclass(frozen=True)
class Float(CodebookFormat):
    """Sign (if signed), `exponent_bits` with bias 2^(exponent_bits - 1) - 1, mantissa in what is left; subnormals.

    `encode` saturates at the largest finite value: it never produces an infinity.
    """

    exponent_bits: int
    specials: Specials = Specials.IEEE

    decode_cost: ClassVar[DecodeCost] = DecodeCost.FIXED_FIELDS

    def value_of(self, code: int) -> float:
        mantissa_bits = self.bits - self.signed - self.exponent_bits
        bias = 2 ** (self.exponent_bits - 1) - 1
        rest, mantissa = divmod(code, 2**mantissa_bits)
        negative, exponent = divmod(rest, 2**self.exponent_bits)
        sign = -1.0 if negative else 1.0
        if exponent == 2**self.exponent_bits - 1:
            if self.specials is Specials.IEEE:
                return math.nan if mantissa else sign * math.inf
            if self.specials is Specials.ONE_NAN and mantissa == 2**mantissa_bits - 1:
                return math.nan
        if exponent == 0:
            return sign * math.ldexp(mantissa, 1 - bias - mantissa_bits)
        return sign * math.ldexp(2**mantissa_bits + mantissa, exponent - bias - mantissa_bits)


@dataclass(frozen=True)
class Float32(NumberFormat):
    """FP32, the identity: a code is the number's own bit pattern. Infinities saturate; the sign of zero is kept."""

    decode_cost: ClassVar[DecodeCost] = DecodeCost.FIXED_FIELDS

    def value_of(self, code: int) -> float:
        (value,) = struct.unpack("<f", code.to_bytes(4, "little"))
        return float(value)

    @property
    def max_value(self) -> float:
        return math.ldexp(2**24 - 1, 127 - 23)

    @property
    def min_value(self) -> float:
        return -self.max_value

    @property
    def codebook(self) -> npt.NDArray[np.float64]:
        raise FormatError(f"{self.name} has 2^32 codes, too many to list", "a format of at most 16 bits")

    def scalar_encode(self, x: float, scale: float = 1.0) -> int:
        quotient = scaled(self.name, x, scale)
        saturated = max(self.min_value, min(self.max_value, quotient))
        return int.from_bytes(struct.pack("<f", saturated), "little")

    def encode(self, x: npt.ArrayLike, scale: npt.ArrayLike = 1.0) -> npt.NDArray[np.unsignedinteger[Any]]:
        from quant.formats.vectorised import encode_float32

        return encode_float32(self.name, self.max_value, x, scale)

    def decode(
        self, codes: npt.ArrayLike, scale: npt.ArrayLike = 1.0, dtype: npt.DTypeLike = "float64"
    ) -> npt.NDArray[np.floating[Any]]:
        from quant.formats.vectorised import decode_float32

        return decode_float32(self.name, codes, scale, dtype)
