"""The search for better networks and machines, on top of the simulation."""
