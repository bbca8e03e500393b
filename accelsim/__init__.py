"""Transaction-level simulator of a mixed-precision DNN accelerator computing on DyBit numbers."""

__version__ = "0.1.0"
