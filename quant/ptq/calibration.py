"""What the activations of a network look like: run it on calibration data and keep a sample of each tensor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import torch
from torch import Tensor, fx

from quant.errors import DataError
from quant.formats import NumberFormat, get_format
from quant.scaling import ScaleMethod, choose_scales

SAMPLE_NUMBERS = 2**18
"""Numbers kept of each tensor, drawn evenly from all batches."""

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps of it are done, and how many there are."""


class TensorSample:
    """A sample of the numbers of a tensor, and whether any of them all was negative."""

    def __init__(self) -> None:
        self.has_negative = False
        self._parts: list[Tensor] = []

    def add(self, numbers: Tensor, count: int, generator: torch.Generator) -> None:
        """Keep `count` numbers of these, or all if there are no more."""
        flat = numbers.detach().reshape(-1)
        self.has_negative |= bool(flat.min() < 0)
        if flat.numel() > count:
            flat = flat[torch.randint(flat.numel(), (count,), generator=generator)]
        self._parts.append(flat.clone())

    def quantiser_of(self, format_name: str, method: ScaleMethod | None, name: str) -> tuple[NumberFormat, Tensor]:
        """The format, unsigned where no number was negative, and the scale, shape (1,).

        Errors as `choose_scales`, and DataError for a block format, whose scales are not the tensor's.
        """
        number_format = get_format(format_name, signed=self.has_negative)
        if number_format.block_size is not None:
            raise DataError(f"{name}: activations in {format_name}", "formats without blocks")
        numbers = torch.cat(self._parts).numpy()
        return number_format, torch.from_numpy(choose_scales(numbers, number_format, method=method, name=name))


def observe(
    network: fx.GraphModule,
    tensors: Collection[fx.Node],
    batches: Iterable[Tensor],
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[fx.Node, TensorSample]:
    """Run the network on each batch and sample the named tensors. Raises DataError if there is no batch."""
    batches = list(batches)
    if not batches:
        raise DataError("no calibration data", "at least one batch")
    samples = {node: TensorSample() for node in tensors}
    generator = torch.Generator().manual_seed(seed)
    observer = _Observer(network, samples, SAMPLE_NUMBERS // len(batches), generator)
    with torch.inference_mode():
        for done, batch in enumerate(batches):
            observer.run(batch)
            if progress:
                progress("calibrating", done + 1, len(batches))
    return samples


class _Observer(fx.Interpreter):
    def __init__(
        self, network: fx.GraphModule, samples: dict[fx.Node, TensorSample], count: int, generator: torch.Generator
    ) -> None:
        super().__init__(network)
        self._samples, self._count, self._generator = samples, count, generator

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if n in self._samples:
            self._samples[n].add(result, self._count, self._generator)
        return result
