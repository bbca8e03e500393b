"""Tiles through the array and its decoders: exact results, and the cycles they took, written to tiles.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cocotb
import numpy as np
from clock import cycle
from cocotb.handle import HierarchyObject
from operands import LATENCY, MODES, Integers, Operand, report, sums_of

EDGE = ("load", "load_first", "weight_words", "valid", "swap", "input_words")


@dataclass(frozen=True)
class Tile:
    """pixels x reduction times reduction x outputs, on an array of rows x cols PEs."""

    weight: Operand
    inputs: Operand
    weight_codes: Integers  # [reduction, outputs]
    input_codes: Integers  # [pixels, reduction]
    rows: int
    cols: int

    @property
    def fold_rows(self) -> int:
        """Rows of weights in a fold: narrow inputs multiply the rows."""
        return self.rows * self.inputs.slots

    @property
    def fold_cols(self) -> int:
        return self.cols * self.weight.slots

    def folds(self) -> Iterator[tuple[slice, slice]]:
        """(reduction, outputs) of each fold."""
        reduction, outputs = self.weight_codes.shape
        for column in range(0, outputs, self.fold_cols):
            for row in range(0, reduction, self.fold_rows):
                yield slice(row, row + self.fold_rows), slice(column, column + self.fold_cols)


def padded(codes: Integers, shape: tuple[int, int]) -> Integers:
    """An edge fold, with zeros in the places that it leaves free."""
    return np.pad(codes, [(0, size - had) for had, size in zip(codes.shape, shape, strict=True)])


def words(codes: Integers, operand: Operand) -> int:
    """The words of one edge of the array, port 0 lowest."""
    return sum(operand.word(slots) << 8 * port for port, slots in enumerate(codes.reshape(-1, operand.slots)))


def timeline(tile: Tile) -> list[dict[str, int]]:
    """What enters at each cycle: a fold's weights, last row first, up to the cycle in which its first pixel enters."""
    pixels = len(tile.input_codes)
    period = max(pixels, tile.fold_rows)
    edges: dict[int, dict[str, int]] = {}
    for fold, (reduction, outputs) in enumerate(tile.folds()):
        weights = padded(tile.weight_codes[reduction, outputs], (tile.fold_rows, tile.fold_cols))
        inputs = padded(tile.input_codes[:, reduction], (pixels, tile.fold_rows))
        for step, row in enumerate(weights[::-1]):
            edge = edges.setdefault(fold * period + step, {})
            edge |= {"load": 1, "load_first": int(step == 0), "weight_words": words(row, tile.weight)}
        for pixel, row in enumerate(inputs):
            edge = edges.setdefault(fold * period + tile.fold_rows - 1 + pixel, {})
            edge |= {"valid": 1, "swap": int(pixel == 0), "input_words": words(row, tile.inputs)}
    return [edges.get(at, {}) for at in range(max(edges) + 1)]


async def settle(dut: HierarchyObject, rows: int, cols: int) -> None:
    """What stands for a reset: nothing enters until the control registers have been written."""
    for name in EDGE:
        getattr(dut, name).value = 0
    for _ in range(rows + cols + LATENCY + 1):
        await cycle(dut)


async def run(dut: HierarchyObject, tile: Tile) -> tuple[Integers, int]:
    """(results [pixels, outputs], cycles from the first weights at the array to its last register)."""
    dut.weight_bits.value, dut.weights_signed.value = tile.weight.one_hot, tile.weight.signed
    dut.input_bits.value, dut.inputs_signed.value = tile.inputs.one_hot, tile.inputs.signed
    seen: list[list[Integers]] = [[] for _ in range(tile.cols)]
    steps = timeline(tile)
    last = 0
    for at in range(len(steps) + tile.rows + tile.cols + LATENCY + 1):
        step = steps[at] if at < len(steps) else {}
        for name in EDGE:
            getattr(dut, name).value = step.get(name, 0)
        await cycle(dut)
        assert not int(dut.overflow.value)
        arrived = int(dut.sums_valid.value)
        if arrived:
            last = at
            sums = dut.sums_out.value
            for column in range(tile.cols):
                if arrived >> column & 1:
                    seen[column].append(sums_of(int(sums[128 * column + 127 : 128 * column]), tile.weight))
    pixels = len(tile.input_codes)
    results = np.zeros((pixels, tile.weight_codes.shape[1]), np.int64)
    for fold, (_, outputs) in enumerate(tile.folds()):
        found = np.hstack([column[fold * pixels : (fold + 1) * pixels] for column in seen])
        results[:, outputs] += found[:, : results[:, outputs].shape[1]]
    return results, last + 1 - LATENCY


@cocotb.test
async def tiles_of_every_mode(dut: HierarchyObject) -> None:
    """Whole and edge folds, streams longer and shorter than a load, the largest codes, formats between the modes."""
    draw = np.random.default_rng(0)
    rows, cols = int(dut.ROWS.value), int(dut.COLS.value)
    await settle(dut, rows, cols)
    measured, compared = [], 0
    pairs = [(Operand(w, True), Operand(a, signed)) for w, a in MODES for signed in (False, True)]
    pairs += [(Operand(3, True), Operand(6, False)), (Operand(5, False), Operand(7, False))]
    for weight, inputs in pairs:
        for pixels, largest in ((3 * rows, False), (40, True)):
            reduction = int(draw.integers(1, 2 * rows * inputs.slots + 2))
            outputs = int(draw.integers(1, 2 * cols * weight.slots + 2))
            if largest:
                reduction, outputs = rows * inputs.slots, cols * weight.slots
            weight_codes = draw.integers(0, 2**weight.bits, (reduction, outputs))
            input_codes = draw.integers(0, 2**inputs.bits, (pixels, reduction))
            if largest:
                weight_codes[:, ::2], input_codes[::2] = weight.largest, inputs.largest
            tile = Tile(weight, inputs, weight_codes, input_codes, rows, cols)
            results, cycles = await run(dut, tile)
            expected = inputs.integers(input_codes) @ weight.integers(weight_codes)
            np.testing.assert_array_equal(results, expected, str(tile))
            compared += results.size
            measured.append(
                {"weight_bits": weight.bits, "input_bits": inputs.bits, "cycles": cycles}
                | {"pixels": pixels, "reduction": reduction, "outputs": outputs, "rows": rows, "cols": cols}
            )
    report("partial sums of the array", compared)
    Path("tiles.json").write_text(json.dumps(measured), encoding="utf-8")
