"""How fast the searches of `quant.allocation` are on a problem of ResNet-50's shape: the table of `docs/allocation.md`.

python benchmarks/allocation_front.py

Cycles are the larger of computing on 32 x 32 PEs and of moving 64 bytes a cycle; noise is that of DyBit on Gaussian
numbers, times a sensitivity drawn for each tensor. The seed is fixed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from quant.allocation import exact, greedy
from quant.allocation.front import front
from quant.allocation.problem import Choice, Layer, Problem

WIDTHS = (8, 4, 2)
NOISE = {8: 5e-5, 6: 9e-4, 4: 1.5e-2, 3: 5e-2, 2: 2.2e-1}
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))


def convolutions() -> Iterator[tuple[str, str, int, int, int, int]]:
    """Name, input, pixels of the output, reduction, outputs, numbers of the input, of ResNet-50's 54 layers."""
    yield "conv1", "image", 112 * 112, 3 * 49, 64, 3 * 224 * 224
    tensor, channels, side = "conv1", 64, 56
    for stage, (blocks, width) in enumerate(STAGES):
        for block in range(blocks):
            name, stride = f"{stage}.{block}", 2 if stage and not block else 1
            inside = (side // stride) ** 2
            yield f"{name}.1", tensor, side**2, channels, width, channels * side**2
            yield f"{name}.2", f"{name}.1", inside, width * 9, width, width * side**2
            yield f"{name}.3", f"{name}.2", inside, width, 4 * width, width * inside
            if not block:
                yield f"{name}.downsample", tensor, inside, channels, 4 * width, channels * side**2
            tensor, channels, side = f"{name}.3", 4 * width, side // stride
    yield "fc", tensor, 1, channels, 1000, channels


def resnet50(widths: Sequence[int] = WIDTHS, seed: int = 0) -> Problem:
    """54 layers, the weights of each, and the 50 tensors that they read: both branches of a block read one."""
    rng = np.random.default_rng(seed)
    formats = [f"dybit{width}" for width in widths]
    noise = [NOISE[width] for width in widths]
    choices: dict[str, Choice] = {}
    layers = []
    for name, tensor, pixels, reduction, outputs, inputs in convolutions():
        for choice, numbers in ((f"{name}.weights", reduction * outputs), (tensor, 0)):
            if choice not in choices:
                sensitivity = rng.lognormal(0, 1)
                choices[choice] = Choice.of(choice, formats, noise, sensitivity=sensitivity, weights=numbers)
        cycles = [
            max(
                math.ceil(pixels * reduction * outputs / 1024 * w * a / 64),
                (reduction * outputs * w + (inputs + pixels * outputs) * a) // 512,
            )
            for w, a in product(widths, widths)
        ]
        shape = (len(widths), len(widths))
        layers.append(Layer(name, f"{name}.weights", tensor, np.array(cycles).reshape(shape)))
    return Problem(tuple(choices.values()), tuple(layers), overhead=1000)


def seconds(start: float) -> str:
    return f"{time.perf_counter() - start:6.2f} s"


def main() -> None:
    for widths in (WIDTHS, (8, 6, 4, 3, 2)):
        problem = resnet50(widths)
        tensors = sum(not choice.weights for choice in problem.choices)
        print(f"{len(problem.layers)} layers, {tensors} tensors, widths {', '.join(map(str, widths))}")
        start = time.perf_counter()
        points = front(problem, 24)
        gap = max(point.gap or 0.0 for point in points)
        print(f"  front, {len(points)} points           {seconds(start)}   gap at most {gap:.1e}")
        start = time.perf_counter()
        points = front(problem, 24, {"average_bits": 5})
        gap = max(point.gap or 0.0 for point in points)
        print(f"  the same at 5 bits average {seconds(start)}   gap at most {gap:.1e}")
        limit = {"cycles": problem.cycles((0,) * len(problem.choices)) // 3}
        start = time.perf_counter()
        stepwise = greedy.minimise(problem, "error", limit)
        print(f"  greedy, a third of cycles  {seconds(start)}   error {stepwise.error:.4f}")
        start = time.perf_counter()
        best = exact.minimise(problem, "error", limit)
        print(f"  exact, a third of cycles   {seconds(start)}   error {best.error:.4f}")


if __name__ == "__main__":
    main()
