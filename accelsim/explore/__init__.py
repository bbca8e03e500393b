"""The search for better networks and machines, on top of the simulation."""

from accelsim.explore.sweeps.driver import sweep
from accelsim.explore.sweeps.space import design_space, load_space

__all__ = ["design_space", "load_space", "sweep"]
