"""NF4, the 4-bit NormalFloat: 16 quantiles of a normal distribution, 0 among them, scaled to end at -1 and 1.

Source: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023 (arXiv 2305.14314), appendix E, which
prints the float32 values. They are not symmetric: 7 are negative, 8 positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from quant.formats.codebook import CodebookFormat
from quant.formats.descriptor import DecodeCost

VALUES = (
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
)


@dataclass(frozen=True)
class NormalFloat4(CodebookFormat):
    """Codes count upwards in value: 0 is -1, 7 is 0, 15 is 1. There is no sign bit, and no unsigned form."""

    decode_cost: ClassVar[DecodeCost] = DecodeCost.TABLE

    def value_of(self, code: int) -> float:
        return VALUES[code]
