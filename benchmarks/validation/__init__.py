"""What the model is held against, one file for each comparison: `python -m benchmarks.validation` (`make validate`)."""
