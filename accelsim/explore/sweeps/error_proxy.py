"""What stands for accuracy in a sweep: the noise that a precision adds, with stand-ins for all tensors.

The sum, over the weights of every array layer and every tensor that one reads, of the noise-to-signal of a seeded
Student-t(4) stand-in in the tensor's format (docs/codesign.md, "Error"). There is one stand-in for weights, one for
signed and one for unsigned activations, where `codesign` draws one for each tensor: the sums differ by about a percent.
Approximate: it tells formats apart, not layers.
"""

from __future__ import annotations

from functools import lru_cache
from math import fsum

from accelsim.workload.formats import Precision, TensorFormat
from accelsim.workload.layers import Workload
from accelsim.workload.precision import UNQUANTISED
from quant.allocation.noise import noise, synthetic_tensor
from quant.granularity import Granularity


def error_proxy(workload: Workload, precision: Precision) -> float:
    """The sum of the noise-to-signal of all weights and array inputs; FP32 has none."""
    layers = [layer for layer in workload.layers if layer.on_array]
    read = dict.fromkeys(tensor for layer in layers for tensor in layer.inputs)
    weights = [_noise_of("weights", precision.weights[layer.name]) for layer in layers if layer.weight_elements]
    return fsum(weights + [_noise_of("activations", precision.tensors[tensor]) for tensor in read])


def average_weight_bits(workload: Workload, precision: Precision) -> float:
    """Bits of a weight code on average over all trained weights of the array; 0 for a network without."""
    sizes = {layer.name: layer.weight_elements for layer in workload.layers if layer.weight_elements}
    total = sum(sizes.values())
    return sum(size * precision.weights[name].bits for name, size in sizes.items()) / total if total else 0.0


@lru_cache(maxsize=256)
def _noise_of(role: str, tensor_format: TensorFormat) -> float:
    """Weights have a scale for each row, activations one in all, as in the allocation problem."""
    if tensor_format.name == UNQUANTISED:
        return 0.0
    signed = tensor_format.signed
    numbers = synthetic_tensor(role, signed=signed)
    granularity = None if role == "weights" else Granularity()
    return noise({role: numbers}, [tensor_format.name], granularity, signed=signed)[role][0]
