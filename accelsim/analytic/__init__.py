"""Closed forms: what the blocks cost when nothing makes them wait. Pure functions, no SimPy."""
