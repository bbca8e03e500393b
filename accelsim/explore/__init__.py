"""The search for better networks and machines, on top of the simulation."""

from accelsim.explore.driver import sweep
from accelsim.explore.space import load_space

__all__ = ["load_space", "sweep"]
