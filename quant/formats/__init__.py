"""Number formats: one file per family, one registry, one descriptor type. `docs/dybit.md` explains DyBit.

`descriptor.py` is what every format offers; `codebook.py` gives it to any format that can say what each of its codes
is worth. `dybit.py`, `integer.py` and `floating.py` are the formats; `registry.py` names them. `vectorised.py` is the
only file that imports numpy, and is itself imported on first use.
"""

from quant.formats.descriptor import NumberFormat
from quant.formats.registry import format_names, get_format

__all__ = ["NumberFormat", "format_names", "get_format"]
