"""What moves when: tiling, on-chip residency, addresses and the schedule as plain data. Pure functions, no SimPy."""
