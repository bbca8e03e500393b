"""How often a loop order brings a tensor on chip, in closed form (docs/timing-model.md, "Mapping")."""

from __future__ import annotations

from typing import Any

import numpy as np


def sweeps(rows_outer: Any, row_tiles: Any, output_tiles: Any, channel_tiles: Any) -> tuple[Any, Any]:
    """(weight, input) sweeps, for ints or integer arrays: a tile is fetched again when its index comes back.

    With the outputs outermost the inputs are swept once per output tile, unless they are a single tile; with the rows
    outermost the weights once per row tile, likewise. Split channels, always the innermost loop, make both come back.
    """
    split_channels = channel_tiles > 1
    weights_return = np.where(rows_outer, output_tiles * channel_tiles > 1, split_channels)
    inputs_return = np.where(rows_outer, split_channels, row_tiles * channel_tiles > 1)
    return np.where(weights_return, row_tiles, 1), np.where(inputs_return, output_tiles, 1)
