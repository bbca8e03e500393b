"""How good and how fast the search for the scale of least error is: the tables of `docs/scales.md`.

python benchmarks/scale_search.py accuracy   # squared error above that of the best of 4000 scales
python benchmarks/scale_search.py speed      # seconds for 25 M weights
"""

from __future__ import annotations

import sys
import time

import numpy as np

from quant import NumberFormat, get_format
from quant.granularity import Granularity
from quant.scale_error import Levels
from quant.scale_exact import exact_scales
from quant.scaling import choose_scales

DRAW = {
    "Gaussian": lambda rng, count: rng.standard_normal(count),
    "Laplace": lambda rng, count: rng.laplace(size=count),
    "Student-t(3)": lambda rng, count: rng.standard_t(3, count),
    "uniform": lambda rng, count: rng.uniform(-1, 1, count),
    "half-normal": lambda rng, count: np.abs(rng.standard_normal(count)),
}
FORMATS = [f"{family}{bits}" for family in ("dybit", "int") for bits in range(2, 9)]
FORMATS += ["fp4_e2m1", "fp8_e4m3", "flint4", "pot4", "posit8_1", "nf4"]
TRIED, SEEDS = 4000, range(3)


class SquaredError:
    """Of numbers, shape (count,), at any scale of a format: by hand, from sorted numbers and their sums."""

    def __init__(self, x: np.ndarray) -> None:
        self.numbers = np.sort(x.astype(np.float64))
        self.sums = np.concatenate([[0.0], np.cumsum(self.numbers)])
        self.energy = float(np.sum(self.numbers**2))

    def at(self, scale: float, values: np.ndarray) -> float:
        """`values`: of the format, rising."""
        cuts = np.searchsorted(self.numbers, (values[1:] + values[:-1]) / 2 * scale)
        cuts = np.concatenate([[0], cuts, [self.numbers.size]])
        cross, energy = np.diff(self.sums[cuts]) @ values, np.diff(cuts) @ values**2
        return float(self.energy - 2 * scale * cross + scale**2 * energy)


def excess(x: np.ndarray, number_format: NumberFormat) -> float:
    """Squared error at the scale found, relative to that at the best of 4000 scales, less 1."""
    codebook = number_format.codebook
    values = np.unique(codebook[(codebook >= number_format.min_value) & (codebook <= number_format.max_value)])
    rms, largest, smallest_value = np.sqrt(np.mean(x**2)), np.abs(x).max(), values[values > 0].min()
    error = SquaredError(x)
    tried = np.geomspace(rms / number_format.max_value / 10, 2 * largest / smallest_value, TRIED)
    found = error.at(float(choose_scales(x, number_format)[0]), values)
    return found / min(error.at(scale, values) for scale in tried) - 1


def accuracy() -> None:
    print("numbers       mean   worst  where")
    for count in (100, 600, 4000, 100_000):
        found = {
            (name, distribution, seed): excess(
                draw(np.random.default_rng(seed), count).astype(np.float32), get_format(name)
            )
            for distribution, draw in DRAW.items()
            for seed in SEEDS
            for name in FORMATS
        }
        worst = max(found, key=lambda key: found[key])
        print(f"{count:7d} {np.mean(list(found.values())):9.2%} {found[worst]:7.2%}  {worst}", flush=True)


def exact() -> None:
    print("numbers   rows  over 1%   worst  where")
    for count, seeds in ((513, 12), (1000, 10), (4000, 4)):
        found = {}
        for distribution, draw in DRAW.items():
            rows = np.stack([draw(np.random.default_rng(1000 + seed), count) for seed in range(seeds)]).astype(
                np.float32
            )
            for number_format in {get_format(name, signed) for name in FORMATS for signed in (True, False)}:
                shown = rows if number_format.signed else np.maximum(rows, 0)
                scales = (
                    choose_scales(shown, number_format, Granularity(0)),
                    exact_scales(shown, Levels.of(number_format)).astype(np.float32),
                )
                decoded = [number_format.decode(number_format.encode(shown, s[:, None]), s[:, None]) for s in scales]
                searched, least = (np.sum((numbers - shown) ** 2, axis=1) for numbers in decoded)
                found[distribution, number_format.name, number_format.signed] = searched / least - 1
        worst = max(found, key=lambda key: found[key].max())
        over = sum(int(np.sum(excesses > 0.01)) for excesses in found.values())
        print(f"{count:7d} {len(found) * seeds:6d} {over:8d} {found[worst].max():7.2%}  {worst}", flush=True)


def speed() -> None:
    x = np.random.default_rng(0).standard_normal((2048, 12288), np.float32)
    print(f"{x.size / 1e6:.1f} M numbers, seconds      per channel of 12288   per group of 128")
    for name in ("dybit4", "dybit8", "int4", "int8"):
        seconds = []
        for granularity, share in ((Granularity(0), 1), (Granularity(0, 128), 16)):
            start = time.perf_counter()
            choose_scales(x[: 2048 // share], get_format(name), granularity)
            seconds.append((time.perf_counter() - start) * share)
        print(f"{name:26} {seconds[0]:22.1f} {seconds[1]:18.0f}", flush=True)


if __name__ == "__main__":
    {"accuracy": accuracy, "exact": exact, "speed": speed}[sys.argv[1]]()
