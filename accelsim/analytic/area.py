"""Silicon area of processing elements in gates, for the iso-area baseline (docs/timing-model.md, "Baselines").

A gate is the area of a NAND2 cell. `gates.json` holds what Yosys counted in the Verilog of `rtl/`, before place and
route; `benchmarks/gates.py` made it, docs/rtl.md says how.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import resources

from accelsim.config.hardware import ArrayConfig, Hardware

#: (widest, narrowest operand bits) -> the block that stands for one PE, registers included.
_PE_BLOCKS = {(8, 2): "pe_8_2", (8, 4): "pe_8_4", (8, 8): "int8_pe", (16, 16): "int16_pe"}
_FP32_PE_BLOCK = "fp32_pe"

#: NAND2_X1 of the NanGate 45 nm Open Cell Library.
_NAND2_MM2 = 0.798e-6


def block_gates(name: str) -> int:
    """Gates of a block of rtl/, by its name in gates.json."""
    return _counted()[name]["gates"]


@cache
def _counted() -> dict[str, dict[str, int]]:
    text = resources.files("accelsim.analytic").joinpath("gates.json").read_text(encoding="utf-8")
    blocks: dict[str, dict[str, int]] = json.loads(text)["blocks"]
    return blocks


def pe_gates(array: ArrayConfig) -> int:
    """Gates of one PE of the array: the smallest element of the table that can do its widths; FP32's, if none can."""
    native, narrowest = array.operand_bits[-1], array.operand_bits[0]
    capable = [name for (widest, least), name in _PE_BLOCKS.items() if widest >= native and least <= narrowest]
    return min(map(block_gates, capable), default=block_gates(_FP32_PE_BLOCK))


def array_gates(hardware: Hardware) -> int:
    """Gates of one core's PEs and decoder lanes; buffers, vector unit and interconnect are not in it."""
    array, lanes = hardware.array, hardware.decoder.lanes
    decoders = (lanes * 2 if lanes else sum(array.edge_ports)) * block_gates("decoder_lane")
    return array.elements * pe_gates(array) + decoders


def array_area_mm2(hardware: Hardware) -> float:
    """Area of all cores' PEs and decoder lanes at 45 nm, without wiring: gates times a NAND2's."""
    return array_gates(hardware) * hardware.cores * _NAND2_MM2


def iso_area_fp32_array(hardware: Hardware) -> ArrayConfig:
    """The largest FP32 array, of nearly the same aspect ratio, in the area of this array and its decoders."""
    array = hardware.array
    elements = max(1, array_gates(hardware) // block_gates(_FP32_PE_BLOCK) // array.dot.pixels)
    rows = max(1, math.isqrt(elements * array.rows // array.cols))
    return array.model_copy(update={"rows": rows, "cols": max(1, elements // rows)})
