"""Quantisation of torch networks, after training (PTQ) and in training (QAT). Only this package needs torch.

- `quantise(model, allocation, calibration)` gives a fake-quantised network: `PtqSettings` says how.
- `train(network, inputs, targets, settings)` trains one, or a float network; `TrainingSettings` says how.
- `encoded_layers(network)` gives its weights as codes, which `quant.encoded.save_encoded` writes.
- `trace`, `array_layers` and `uniform_allocation` say which layers there are to allocate bits to.

`docs/ptq.md` explains each step.
"""

from quant.ptq.export import encoded_layers
from quant.ptq.graph import array_layers, trace, uniform_allocation
from quant.ptq.layer_rounding import PtqSettings
from quant.ptq.quantise import quantise
from quant.ptq.training import TrainingSettings, train

__all__ = [
    "PtqSettings",
    "TrainingSettings",
    "array_layers",
    "encoded_layers",
    "quantise",
    "trace",
    "train",
    "uniform_allocation",
]
