"""What a quantised network computes, layer by layer: the arithmetic of `docs/functional.md`, without a machine.

- `graph.py` says what a network is to the reference; the simulator's workloads are such networks.
- `values.py` holds its numbers: codes, scales, biases.
- `run.py` computes: `run_reference(network, values, images)`; `sums.py`, `vector.py` and `pools.py` are its steps.
- `draw.py` makes values up: drawn weights, and scales of activations found on images.
"""

from quant.reference.run import run_reference
from quant.reference.values import LayerValues, NetworkValues

__all__ = ["LayerValues", "NetworkValues", "run_reference"]
