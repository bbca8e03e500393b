"""Silicon area of processing elements, for the iso-area baseline (docs/timing-model.md, "Baselines").

An estimate: the numbers come from two sources at neighbouring nodes (45 and 40 nm), before place and route.
"""

from __future__ import annotations

import math

from accelsim.config.hardware import ArrayConfig, Hardware

#: (widest, narrowest operand bits) -> um^2 of one multiply-accumulate element, TSMC 45 nm at 500 MHz:
#: hsharma35/bitfusion, results/systolic_array_synth.csv (N = M = 1).
_FUSABLE_PE_UM2 = {
    (4, 2): 431.4744,
    (4, 4): 282.24,
    (8, 2): 1733.13,
    (8, 8): 687.6072,
    (16, 2): 7492.4136,
    (16, 16): 2203.236,
}

#: FP32 adder and multiplier, 40/45 nm: Accelergy-Project/accelergy-aladdin-plug-in, data/*.csv (4360 um^2 each).
FP32_PE_UM2 = 4360.0 + 4360.0

#: One decoder lane, taken as one 32-bit shifter of the same table; the leading-one detector is smaller than its spare
#: bits. No published decoder area was found in a repository.
DECODER_LANE_UM2 = 250.0

UM2_PER_MM2 = 1e6


def pe_area_um2(array: ArrayConfig) -> float:
    """Area of one PE of the array; a pair of widths that the table lacks takes the next more capable element."""
    native, narrowest = array.operand_bits[-1], array.operand_bits[0]
    capable = [area for (widest, least), area in _FUSABLE_PE_UM2.items() if widest >= native and least <= narrowest]
    return min(capable, default=FP32_PE_UM2)


def array_area_um2(hardware: Hardware) -> float:
    """Area of one core's PEs and decoder lanes; buffers, vector unit and interconnect are not in it."""
    array, lanes = hardware.array, hardware.decoder.lanes
    decoders = (lanes * 2 if lanes else array.rows + array.cols) * DECODER_LANE_UM2
    return array.rows * array.cols * pe_area_um2(array) + decoders


def array_area_mm2(hardware: Hardware) -> float:
    """Area of all cores' PEs and decoder lanes."""
    return array_area_um2(hardware) * hardware.cores / UM2_PER_MM2


def iso_area_fp32_array(hardware: Hardware) -> ArrayConfig:
    """The largest FP32 array, of nearly the same aspect ratio, in the area of this array and its decoders."""
    array = hardware.array
    elements = max(1, int(array_area_um2(hardware) // FP32_PE_UM2))
    rows = max(1, math.isqrt(elements * array.rows // array.cols))
    return array.model_copy(update={"rows": rows, "cols": max(1, elements // rows)})
