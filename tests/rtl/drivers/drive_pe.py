"""One PE in every mode, on random and extreme operands and sums, against exact integers."""

from __future__ import annotations

from itertools import product

import cocotb
import numpy as np
from clock import cycle
from cocotb.handle import HierarchyObject
from operands import LATENCY, MODES, Operand, report, sums_of, sums_port

LOAD, SWAP, VALID = 4, 2, 1
VECTORS = 60
LIMIT = 2**31


def pairs(weight_bits: int, input_bits: int) -> list[tuple[Operand, Operand]]:
    """All signs at a mode's own widths, and the narrower formats that run in it, signed weights by unsigned inputs."""
    own = [(Operand(weight_bits, a), Operand(input_bits, b)) for a, b in product((False, True), repeat=2)]
    narrower = {2: 2, 4: 3, 8: 5}
    return [*own, (Operand(narrower[weight_bits], True), Operand(narrower[input_bits], False))]


async def load(dut: HierarchyObject, weight: Operand, words: list[int]) -> None:
    """Shift words into the shadow registers, the last of them first, and make them active."""
    dut.weight_bits.value, dut.weights_signed.value = weight.one_hot, weight.signed
    dut.input_word.value = 0
    for step in range(len(words) + LATENCY):
        dut.weight_word.value = words[::-1][step] if step < len(words) else 0
        dut.control.value = (LOAD if step >= LATENCY else 0) | (SWAP if step == len(words) + LATENCY - 1 else 0)
        await cycle(dut)
    dut.control.value = 0


@cocotb.test
async def products_of_every_mode(dut: HierarchyObject) -> None:
    """sum j = sums_in j + sum over s of input s * weight (s, j); overflow exactly where that leaves 32 bits."""
    draw = np.random.default_rng(0)
    overflows = compared = 0
    for weight, inputs in [pair for mode in MODES for pair in pairs(*mode)]:
        columns = weight.slots
        codes = draw.integers(0, 2**weight.bits, (inputs.slots, columns))
        if draw.random() < 0.3:
            codes[:] = weight.largest
        dut.input_bits.value, dut.inputs_signed.value = inputs.one_hot, inputs.signed
        await load(dut, weight, [weight.word(row) for row in codes])
        stream = draw.integers(0, 2**inputs.bits, (VECTORS, inputs.slots))
        stream[::7] = inputs.largest
        above = draw.integers(-LIMIT, LIMIT, (VECTORS, columns))
        above[::3] = draw.choice([-LIMIT, -LIMIT + 2, LIMIT - 3, LIMIT - 1], above[::3].shape)
        expected = above + inputs.integers(stream) @ weight.integers(codes)
        for step in range(VECTORS + LATENCY + 1):
            dut.input_word.value = inputs.word(stream[step]) if step < VECTORS else 0
            dut.control.value = VALID if 0 <= step - LATENCY < VECTORS else 0
            at_the_port = step - LATENCY - 1
            if at_the_port >= 0:
                dut.sums_in.value = sums_port(above[at_the_port], weight)
            await cycle(dut)
            if at_the_port >= 0:
                found, exact = sums_of(int(dut.sums_out.value), weight), expected[at_the_port]
                outside = (exact < -LIMIT) | (exact >= LIMIT)
                overflows += outside.any()
                assert bool(dut.overflow.value) == outside.any(), (weight, inputs, exact)
                assert (found == exact)[~outside].all(), (weight, inputs, found, exact)
                compared += columns
    assert overflows > VECTORS
    report("sums of a PE", compared)
