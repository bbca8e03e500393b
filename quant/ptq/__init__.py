"""Quantisation with torch: what reads and runs torch models. Only this package needs torch."""
