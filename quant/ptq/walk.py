"""A network run on one batch, node by node."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, fx


class Walk:
    """The values that nodes still to come read; a value is dropped when its last reader has run."""

    def __init__(self, network: fx.GraphModule, batch: Tensor) -> None:
        self._batch = batch
        self._interpreter = fx.Interpreter(network)
        self._interpreter.args_iter = iter((batch,))
        self._last_read = self._interpreter.user_to_last_uses
        self.values: dict[Any, Tensor] = self._interpreter.env

    def step(self, node: fx.Node) -> None:
        self.values[node] = self._interpreter.run_node(node)
        for read in self._last_read.get(node, ()):
            del self.values[read]

    def fork(self, network: fx.GraphModule | None = None) -> Walk:
        """A walk that goes on from here by itself, in a copy of the network if that is given.

        It has values of its own, since nodes may change them in place; nodes are those of this walk's network.
        """
        fork = copy.copy(self)
        fork._interpreter = copy.copy(self._interpreter)
        fork._interpreter.args_iter = iter((self._batch,))
        if network is not None:
            fork._interpreter.module = network
        fork.values = fork._interpreter.env = dict(
            zip(self.values, copy.deepcopy(list(self.values.values())), strict=True)
        )
        return fork
